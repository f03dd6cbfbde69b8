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
        write_report(learned, evaluation, path, seen(learned, dataset), told)
    if not quiet:
        console.written(None, path)
