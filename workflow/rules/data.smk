rule prepare:
    input:
        sources_of("vae.data.datasets"),
        own=own_files,
    output:
        f"{RESULTS}/data/{{dataset}}.npz",
    log:
        f"{RESULTS}/logs/prepare/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare/{{dataset}}.tsv"
    conda:
        "../../environment.yml"
    params:
        own=own_options,
    shell:
        "python -m vae prepare {wildcards.dataset:q} {output:q} {params.own:q} > {log:q} 2>&1"


rule features:
    input:
        sources_of("vae.evaluation.references"),
        sources_of("vae.evaluation.corruptions"),
        sources_of("vae.features.spaces"),
        data=f"{RESULTS}/data/{{dataset}}.npz",
    output:
        spaces=f"{RESULTS}/features/{{dataset}}/spaces.safetensors",
        references=f"{RESULTS}/features/{{dataset}}/references.csv",
        origin=f"{RESULTS}/features/{{dataset}}/references.json",
        corruptions=f"{RESULTS}/features/{{dataset}}/corruptions.csv",
    log:
        f"{RESULTS}/logs/features/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/features/{{dataset}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        gpu=gpu(pays=True),
    params:
        settings=as_options(EVALUATION, "features"),
        latent_dims=BENCHMARK.latent_dims,
        learned=["--learned", BENCHMARK.feature_spaces] if BENCHMARK.feature_spaces else [],
    shell:
        "python -m vae features {input.data:q} {output.spaces:q} {output.references:q}"
        " {output.corruptions:q} {params.settings:q} --latent-dims {params.latent_dims:q}"
        " {params.learned:q} --threads {threads:q} > {log:q} 2>&1"
