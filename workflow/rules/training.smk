rule sweep:
    output:
        f"{RESULTS}/sweeps/{{sweep}}.json",
    log:
        f"{RESULTS}/logs/sweep/{{sweep}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sweep/{{sweep}}.tsv"
    localrule: True  # done in no time: no job of a cluster
    conda:
        "../../environment.yml"
    params:
        settings=sweep_as_json,
    shell:
        "printf '%s\\n' {params.settings:q} > {output:q} 2> {log:q}"


# Checkpoints are no declared output: Snakemake deletes those of a failed job.
rule train:
    input:
        sources_of("vae.training.loop"),
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
        gpu=gpu(pays=True),
    params:
        models=lambda wildcards, output: os.path.dirname(output.record),
        checkpoints=f"{RESULTS}/checkpoints/{{sweep}}",
    shell:
        "python -m vae train {input.sweep:q} {input.data:q} {params.models:q}"
        " --checkpoints {params.checkpoints:q} --threads {threads:q} > {log:q} 2>&1"


# Classic mistakes, shown on the first sweep of every dataset.
rule mistakes:
    input:
        sources_of("vae.selfcheck.mistakes"),
        sweep=lambda wildcards: f"{RESULTS}/sweeps/{first_sweep(wildcards.dataset)}.json",
        data=f"{RESULTS}/data/{{dataset}}.npz",
    output:
        mean_reduction=f"{RESULTS}/mistakes/{{dataset}}/mean_reduction.csv",
        free_density=f"{RESULTS}/mistakes/{{dataset}}/free_density.csv",
    log:
        f"{RESULTS}/logs/mistakes/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mistakes/{{dataset}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        gpu=gpu(pays=False),
    shell:
        "python -m vae mistakes {input.sweep:q} {input.data:q}"
        " {output.mean_reduction:q} {output.free_density:q} --threads {threads:q} > {log:q} 2>&1"
