rule sweep:
    localrule: True  # done in no time: no job of a cluster
    output:
        f"{RESULTS}/sweeps/{{sweep}}.json",
    log:
        f"{RESULTS}/logs/sweep/{{sweep}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sweep/{{sweep}}.tsv"
    conda:
        "../../environment.yml"
    params:
        settings=sweep_as_json,
    shell:
        "printf '%s\\n' {params.settings:q} > {output:q} 2> {log:q}"


# Checkpoints are no declared output: Snakemake deletes those of a failed job.
rule train:
    input:
        code("vae.training"),
        sweep=f"{RESULTS}/sweeps/{{sweep}}.json",
        data=data_of,
    output:
        weights=f"{RESULTS}/models/{{sweep}}/weights.safetensors",
        record=f"{RESULTS}/models/{{sweep}}/sweep.json",
        history=f"{RESULTS}/models/{{sweep}}/history.csv",
        previews=directory(f"{RESULTS}/models/{{sweep}}/previews"),
    log:
        f"{RESULTS}/logs/train/{{sweep}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{sweep}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        models=lambda wildcards, output: os.path.dirname(output.record),
        checkpoints=f"{RESULTS}/checkpoints/{{sweep}}",
    shell:
        "python -m vae train {input.sweep:q} {input.data:q} {params.models:q}"
        " --checkpoints {params.checkpoints:q} --threads {threads:q} > {log:q} 2>&1"


# The classic mistake, shown on the first sweep of every dataset.
rule mean_loss:
    input:
        code("vae.mean_loss"),
        sweep=lambda wildcards: f"{RESULTS}/sweeps/{first_sweep(wildcards.dataset)}.json",
        data=f"{RESULTS}/data/{{dataset}}.npz",
    output:
        f"{RESULTS}/mean_loss/{{dataset}}.csv",
    log:
        f"{RESULTS}/logs/mean_loss/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mean_loss/{{dataset}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    shell:
        "python -m vae mean-loss {input.sweep:q} {input.data:q} {output:q}"
        " --threads {threads:q} > {log:q} 2>&1"
