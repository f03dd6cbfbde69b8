"""The command `limpid capacity`: parse, call, print."""

from typing import Any

import typer

from limpid import options as option
from limpid.signals import interruptible
from limpid.typed import check_writable, integers_in, names_in, refuse


def capacity(
    source: option.Source,
    data_dir: option.DataDir = None,
    target: option.Target = None,
    query: option.Query = None,
    ignore: option.Ignore = None,
    categorical: option.Categorical = None,
    task: option.Task = None,
    widths: option.Widths = "8,16,32,64,128",
    depths: option.Depths = "1,2,3",
    seeds: option.NetworkSeeds = 3,
    epochs: option.Epochs = None,
    test_size: option.TestSize = 0.2,
    seed: option.Seed = 0,
    threads: option.Threads = None,
    out: option.Figures = None,
    as_json: option.AsJson = False,
    quiet: option.Quiet = False,
) -> None:
    """Learn from SOURCE with networks of many sizes: how many hidden neurons does it need, and which overfit?"""
    from limpid import console
    from limpid.files import replace_file
    from limpid.inspection.capacity_curves import capacity_curves, sizes_of
    from limpid.output import sized, sized_table
    from limpid.readers import read
    from limpid.terminal import say

    check_writable({"source": source}, {"table": out})
    sizes = sizes_of(integers_in("widths", widths), integers_in("depths", depths))
    ignored, names = names_in(ignore), names_in(categorical)
    dataset = read(source, target, data_dir=data_dir, task=task, ignore=ignored, categorical=names, query=query)
    common: dict[str, Any] = {"seed": seed, "test_size": test_size, "threads": threads, "epochs": epochs}
    curves = capacity_curves(dataset, sizes, seeds, **common)
    with console.sizing(curves, quiet) as show, interruptible():
        for hidden, number, epoch in curves:
            show(hidden, number, epoch)
    if not curves.points:
        raise typer.Exit(refuse("interrupted before the first network was done; nothing is written", 130))
    if out is not None:
        replace_file(out, sized_table(curves).encode())
    if not quiet:
        console.sized(curves)
        if out is not None:
            say(f"table: {out}")
    if as_json:
        print(sized(curves))
