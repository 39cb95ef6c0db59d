rule evaluate_likelihood:
    input:
        sources_of("vae.evaluation.likelihood"),
        record=f"{RESULTS}/models/{{sweep}}/sweep.json",
        weights=f"{RESULTS}/models/{{sweep}}/weights.safetensors",
        data=data_of,
    output:
        metrics=f"{RESULTS}/metrics/{{sweep}}/likelihood.csv",
        per_image=f"{RESULTS}/metrics/{{sweep}}/likelihood.npz",
    log:
        f"{RESULTS}/logs/evaluate_likelihood/{{sweep}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_likelihood/{{sweep}}.tsv"
    priority: 1  # the longest jobs go first
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        models=lambda wildcards, input: os.path.dirname(input.record),
        samples=EVALUATION.importance_samples,
        images=EVALUATION.likelihood_images,
        seed=EVALUATION.seed,
    shell:
        "python -m vae evaluate-likelihood {params.models:q} {input.data:q} {output.metrics:q}"
        " --importance-samples {params.samples:q} --images {params.images:q} --seed {params.seed:q}"
        " --threads {threads:q} > {log:q} 2>&1"


rule evaluate_latents:
    input:
        sources_of("vae.evaluation.latents"),
        record=f"{RESULTS}/models/{{sweep}}/sweep.json",
        weights=f"{RESULTS}/models/{{sweep}}/weights.safetensors",
        data=data_of,
    output:
        metrics=f"{RESULTS}/metrics/{{sweep}}/latents.csv",
        per_image=f"{RESULTS}/metrics/{{sweep}}/latents.npz",
        dimensions=f"{RESULTS}/metrics/{{sweep}}/dimensions.csv",
    log:
        f"{RESULTS}/logs/evaluate_latents/{{sweep}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_latents/{{sweep}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        models=lambda wildcards, input: os.path.dirname(input.record),
        seed=EVALUATION.seed,
    shell:
        "python -m vae evaluate-latents {params.models:q} {input.data:q}"
        " {output.metrics:q} {output.dimensions:q} --seed {params.seed:q} --threads {threads:q} > {log:q} 2>&1"


rule evaluate_images:
    input:
        sources_of("vae.evaluation.images"),
        record=f"{RESULTS}/models/{{sweep}}/sweep.json",
        weights=f"{RESULTS}/models/{{sweep}}/weights.safetensors",
        data=data_of,
    output:
        metrics=f"{RESULTS}/metrics/{{sweep}}/images.csv",
        per_image=f"{RESULTS}/metrics/{{sweep}}/images.npz",
        spectra=f"{RESULTS}/metrics/{{sweep}}/spectra.csv",
    log:
        f"{RESULTS}/logs/evaluate_images/{{sweep}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_images/{{sweep}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        models=lambda wildcards, input: os.path.dirname(input.record),
        seed=EVALUATION.seed,
    shell:
        "python -m vae evaluate-images {params.models:q} {input.data:q}"
        " {output.metrics:q} {output.spectra:q} --seed {params.seed:q} --threads {threads:q} > {log:q} 2>&1"


rule evaluate_samples:
    input:
        sources_of("vae.evaluation.samples"),
        sources_of("vae.features.spaces"),
        record=f"{RESULTS}/models/{{sweep}}/sweep.json",
        weights=f"{RESULTS}/models/{{sweep}}/weights.safetensors",
        data=data_of,
        spaces=spaces_of,
    output:
        metrics=f"{RESULTS}/metrics/{{sweep}}/samples.csv",
        per_image=f"{RESULTS}/metrics/{{sweep}}/samples.npz",
    log:
        f"{RESULTS}/logs/evaluate_samples/{{sweep}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate_samples/{{sweep}}.tsv"
    conda:
        "../../environment.yml"
    resources:
        gpu=GPU,
    params:
        models=lambda wildcards, input: os.path.dirname(input.record),
        samples=EVALUATION.samples,
        seed=EVALUATION.seed,
        features=feature_options(),
    shell:
        "python -m vae evaluate-samples {params.models:q} {input.data:q} {output.metrics:q}"
        " {input.spaces:q} {params.features:q} --samples {params.samples:q} --seed {params.seed:q}"
        " --threads {threads:q} > {log:q} 2>&1"
