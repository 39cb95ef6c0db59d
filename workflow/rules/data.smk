rule prepare:
    input:
        code("vae.data"),
    output:
        f"{RESULTS}/data/{{dataset}}.npz",
    log:
        f"{RESULTS}/logs/prepare/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare/{{dataset}}.tsv"
    conda:
        "../../environment.yml"
    shell:
        "python -m vae prepare {wildcards.dataset} {output} > {log} 2>&1"


rule features:
    input:
        code("vae.evaluation.references"),
        code("vae.evaluation.corruptions"),
        code("vae.spaces"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
    output:
        spaces=f"{RESULTS}/features/{{dataset}}.safetensors",
        references=f"{RESULTS}/features/{{dataset}}.csv",
        corruptions=f"{RESULTS}/features/{{dataset}}.corruptions.csv",
    log:
        f"{RESULTS}/logs/features/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/features/{{dataset}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        epochs=EVALUATION.classifier_epochs,
        samples=EVALUATION.samples,
        seed=EVALUATION.seed,
        features=feature_options(),
        latent_dims=BENCHMARK.latent_dims,
    shell:
        "python -m vae features {input.data} {output.spaces} {output.references}"
        " {output.corruptions} {params.features} --latent-dims {params.latent_dims}"
        " --epochs {params.epochs} --samples {params.samples} --seed {params.seed}"
        " --threads {threads} > {log} 2>&1"
