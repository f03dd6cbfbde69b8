"""The commands that look inside a model: explain one answer, write a page."""

from limpid import options as option
from limpid.typed import check_writable


def report(
    model: option.ModelFile,
    source: option.Source,
    out: option.Page = None,
    data_dir: option.DataDir = None,
    target: option.Target = None,
    query: option.Query = None,
    engine: option.Engine = "native",
    threads: option.Threads = None,
    quiet: option.Quiet = False,
) -> None:
    """Write a page about MODEL that anyone can read: what it learned, where it errs and why, what each neuron does."""
    from limpid import console
    from limpid.evaluation import evaluate
    from limpid.learning import seen, unseen
    from limpid.readers import read
    from limpid.report import write_report
    from limpid.saving import load

    path = out or model.with_suffix(".html")
    check_writable({"source": source, "model": model}, {"report": path})
    learned = load(model, engine, threads)
    dataset = read(source, target, data_dir=data_dir, query=query, like=learned, threads=threads)
    evaluation = evaluate(learned, unseen(learned, dataset))
    with console.working("parts of the page", quiet) as told:
        known = seen(learned, dataset)
        write_report(learned, evaluation, path, None if known is None else dataset.rows(known), told)
    if not quiet:
        console.written(None, path)


def explain(
    model: option.ModelFile,
    source: option.Source,
    row: option.Row = None,
    data_dir: option.DataDir = None,
    target: option.Target = None,
    query: option.Query = None,
    engine: option.Engine = "native",
    threads: option.Threads = None,
    as_json: option.AsJson = False,
    quiet: option.Quiet = False,
) -> None:
    """Explain MODEL's answer to one row of SOURCE: what spoke for it, who is to blame for an error."""
    import json

    from limpid.explaining import explain as explained
    from limpid.explanation_view import show
    from limpid.readers import read
    from limpid.saving import load

    learned = load(model, engine, threads)
    dataset = read(source, target, data_dir=data_dir, query=query, like=learned, threads=threads)
    found = explained(learned, dataset, row)
    if not quiet:
        show(found)
    if as_json:
        print(json.dumps(found.describe(), allow_nan=False))
