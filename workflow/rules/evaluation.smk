# One rule per evaluation job, from its description.
for job in JOBS:

    rule:
        name:
            f"evaluate_{job.name}"
        input:
            [sources_of(module) for module in job.sources],
            record=f"{RESULTS}/models/{{sweep}}/sweep.json",
            weights=f"{RESULTS}/models/{{sweep}}/weights.safetensors",
            data=data_of,
            spaces=spaces_of if job.spaces else [],
        output:
            metrics=f"{RESULTS}/metrics/{{sweep}}/{job.name}.csv",
            per_image=f"{RESULTS}/metrics/{{sweep}}/{job.name}.npz",
            origin=f"{RESULTS}/metrics/{{sweep}}/{job.name}.json",
            tables=[f"{RESULTS}/metrics/{{sweep}}/{table}.csv" for table in job.tables],
        log:
            f"{RESULTS}/logs/evaluate_{job.name}/{{sweep}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/evaluate_{job.name}/{{sweep}}.tsv"
        priority: job.priority
        conda:
            "../../environment.yml"
        resources:
            gpu=gpu(job.gpu),
            mem_mb=job.memory_mb,
            runtime=job.minutes,
        params:
            verb=f"evaluate-{job.name}",
            models=lambda wildcards, input: os.path.dirname(input.record),
            settings=as_options(EVALUATION, job.name),
        shell:
            "python -m vae {params.verb:q} {params.models:q} {input.data:q} {output.metrics:q}"
            " {output.tables:q} {input.spaces:q} {params.settings:q} --threads {threads:q} > {log:q} 2>&1"
