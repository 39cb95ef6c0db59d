# What is gathered beside the metrics: files of the same name become one table.
OTHER_TABLES = [
    *(
        path
        for job in JOBS
        for table in job.tables
        for path in per_sweep(f"metrics/{{sweep}}/{table}.csv")
    ),
    *per_dataset("features/{dataset}/references.csv"),
    *per_dataset("features/{dataset}/corruptions.csv"),
    *per_dataset("mistakes/{dataset}/mean_reduction.csv"),
    *per_dataset("mistakes/{dataset}/free_density.csv"),
]


rule collect:
    input:
        sources_of("vae.results.collection"),
        records=per_sweep("models/{sweep}/sweep.json"),
        histories=per_sweep("models/{sweep}/history.csv"),
        metrics=[path for job in JOBS for path in per_sweep(f"metrics/{{sweep}}/{job.name}.csv")],
        tables=OTHER_TABLES,
    output:
        metrics=f"{RESULTS}/metrics.csv",
        tables=list(dict.fromkeys(f"{RESULTS}/{os.path.basename(path)}" for path in OTHER_TABLES)),
        history=f"{RESULTS}/history.csv",
    log:
        f"{RESULTS}/logs/collect.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect.tsv"
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards, output: os.path.dirname(output.metrics),
        models=lambda wildcards, input: [os.path.dirname(record) for record in input.records],
    shell:
        "python -m vae collect {params.results:q} --models {params.models:q} --metrics {input.metrics:q}"
        " --tables {input.tables:q} > {log:q} 2>&1"


rule compare:
    input:
        sources_of("vae.results.comparison"),
        [per_sweep(f"metrics/{{sweep}}/{job.name}.npz") for job in JOBS],
        metrics=f"{RESULTS}/metrics.csv",
    output:
        betas=f"{RESULTS}/best_beta.csv",
        likelihoods=f"{RESULTS}/best_likelihood.csv",
    log:
        f"{RESULTS}/logs/compare.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare.tsv"
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards, input: os.path.dirname(input.metrics),
        criteria=BENCHMARK.criteria,
    shell:
        "python -m vae compare {params.results:q} --criteria {params.criteria:q} > {log:q} 2>&1"


rule figures:
    input:
        sources_of("vae.reporting.figures.charts"),
        config=f"{RESULTS}/config.json",
        tables=expand(
            f"{RESULTS}/{{table}}.csv",
            table=[
                "metrics",
                "best_beta",
                "best_likelihood",
                "dimensions",
                "spectra",
                "references",
                "corruptions",
                "history",
            ],
        ),
    output:
        charts=[
            report(
                f"{REPORT}/figures/{group}/{name}.png",
                caption=os.path.abspath(caption(name)),
                category=figure.category,
                labels={"group": group, "figure": name},
            )
            for group in GROUPS
            for name, figure in charts_of(group)
            if name not in FROM_MODELS
        ],
    log:
        f"{RESULTS}/logs/figures.log",
    benchmark:
        f"{RESULTS}/benchmarks/figures.tsv"
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards, input: os.path.dirname(input.tables[0]),
        figures=lambda wildcards, output: os.path.dirname(os.path.dirname(output.charts[0])),
    shell:
        "python -m vae figures {params.results:q} {params.figures:q} > {log:q} 2>&1"


# One job for all sweeps: its time is imports, and new results redraw everything anyway.
rule gallery:
    input:
        sources_of("vae.reporting.figures.from_models"),
        records=per_sweep("models/{sweep}/sweep.json"),
        weights=per_sweep("models/{sweep}/weights.safetensors"),
        data=per_dataset("data/{dataset}.npz"),
        tables=expand(
            f"{RESULTS}/{{table}}.csv",
            table=["metrics", "best_beta", "references", "corruptions"],
        ),
    output:
        sweeps=[
            report(
                f"{REPORT}/figures/{sweep}/{name}.png",
                caption=os.path.abspath(caption(name)),
                category=figure.category,
                labels={"sweep": sweep, "figure": name},
            )
            for sweep in SWEEPS
            for name, figure in GALLERY.items()
        ],
        groups=[
            report(
                f"{REPORT}/figures/{group}/{name}.png",
                caption=os.path.abspath(caption(name)),
                category=CHARTS[name].category,
                labels={"group": group, "figure": name},
            )
            for group in GROUPS
            for name in FROM_MODELS
        ],
    log:
        f"{RESULTS}/logs/gallery.log",
    benchmark:
        f"{RESULTS}/benchmarks/gallery.tsv"
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards, input: os.path.dirname(input.tables[0]),
        models=lambda wildcards, input: [os.path.dirname(record) for record in input.records],
        figures=lambda wildcards, output: os.path.dirname(os.path.dirname(output.groups[0])),
        seed=EVALUATION.seed,
    shell:
        "python -m vae gallery {params.results:q} {params.figures:q} --models {params.models:q}"
        " --data {input.data:q} --seed {params.seed:q} --threads {threads:q} > {log:q} 2>&1"


rule configuration:
    output:
        f"{RESULTS}/config.json",
    log:
        f"{RESULTS}/logs/configuration.log",
    benchmark:
        f"{RESULTS}/benchmarks/configuration.tsv"
    localrule: True  # done in no time: no job of a cluster
    conda:
        "../../environment.yml"
    params:
        settings=json.dumps(config, sort_keys=True),
    shell:
        "printf '%s\\n' {params.settings:q} > {output:q} 2> {log:q}"


rule report:
    input:
        sources_of("vae.reporting.page.render"),
        figures=rules.figures.output.charts,
        gallery=rules.gallery.output,
        records=per_sweep("models/{sweep}/sweep.json"),
        template=os.path.relpath(ROOT / "report" / "template.md"),
        written=written_files(),
        checks=[
            os.path.relpath(path)
            for name in ("twice*", "annealing*", "longer*", "budgets*", "redrawn*")
            for path in sorted((ROOT / "benchmarks" / "results").glob(f"{name}.csv"))
        ],
        graph=os.path.relpath(ROOT / "README.md"),
        data=expand(f"{RESULTS}/data/{{dataset}}.npz", dataset=BENCHMARK.dataset_names),
        config=f"{RESULTS}/config.json",
        tables=expand(
            f"{RESULTS}/{{table}}.csv",
            table=[
                "metrics",
                "best_beta",
                "best_likelihood",
                "references",
                "corruptions",
                "mean_reduction",
                "free_density",
            ],
        ),
    output:
        page=f"{REPORT}/report.md",
        tables=expand(
            f"{REPORT}/tables/{{table}}.csv",
            table=["metrics", "best_beta", "best_likelihood"],
        ),
        captions=[caption(name) for name in CHARTS | GALLERY],
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards, input: os.path.dirname(input.config),
        captions=lambda wildcards, output: os.path.dirname(output.captions[0]),
    shell:
        "python -m vae report {input.config:q} {params.results:q} {input.template:q} {output.page:q}"
        " {params.captions:q} > {log:q} 2>&1"


rule explorer_pictures:
    input:
        sources_of("vae.explorer.pictures"),
        records=per_sweep("models/{sweep}/sweep.json"),
        weights=per_sweep("models/{sweep}/weights.safetensors"),
        data=per_dataset("data/{dataset}.npz"),
    output:
        per_sweep("explorer/{sweep}.json"),
    log:
        f"{RESULTS}/logs/explorer_pictures.log",
    benchmark:
        f"{RESULTS}/benchmarks/explorer_pictures.tsv"
    conda:
        "../../environment.yml"
    params:
        models=lambda wildcards, input: [os.path.dirname(record) for record in input.records],
        pictures=lambda wildcards, output: os.path.dirname(output[0]),
        seed=EVALUATION.seed,
    shell:
        "python -m vae explorer-pictures {params.pictures:q} --models {params.models:q}"
        " --data {input.data:q} --seed {params.seed:q} --threads {threads:q} > {log:q} 2>&1"


rule explorer:
    input:
        sources_of("vae.explorer.page"),
        assets=page_assets(),
        metrics=f"{RESULTS}/metrics.csv",
        best=f"{RESULTS}/best_beta.csv",
        pictures=per_sweep("explorer/{sweep}.json"),
    output:
        f"{REPORT}/explorer.html",
    log:
        f"{RESULTS}/logs/explorer.log",
    benchmark:
        f"{RESULTS}/benchmarks/explorer.tsv"
    conda:
        "../../environment.yml"
    params:
        results=lambda wildcards, input: os.path.dirname(input.metrics),
    shell:
        "python -m vae explorer {params.results:q} {output:q} --pictures {input.pictures:q} > {log:q} 2>&1"
