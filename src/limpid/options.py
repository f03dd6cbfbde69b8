"""The options of the command line: what each is called, holds and means."""

from pathlib import Path
from typing import Annotated

import typer

# The names stand here once more because their tables need NumPy, which `limpid --version` must not wait for.
ACTIVATION_HELP = (
    "What hidden neurons do with their sum, one for all or one a layer: identity, sigmoid, tanh, relu, leaky_relu, "
    "elu, selu, gelu, silu, softplus, mish. If not said, silu for tables and relu else."
)
OUTPUT_HELP = (
    "The output layer's activation: softmax (softmax:3,4 for one in each group of so many outputs), exp, or one of the "
    "hidden ones."
)
COST_HELP = (
    "What training makes small: squared_error, absolute_error, huber (huber:WIDTH), quantile (quantile:LEVEL, or one "
    "for each output: quantile:0.1,0.9), "
    "poisson, cross_entropy, binary_cross_entropy."
)
OPTIMIZER_HELP = (
    "How slopes become steps: gradient_descent, momentum, nesterov, rmsprop, adam, adamw, nadam, lion; or lbfgs, which "
    "takes all rows at once. If not said, adamw for tables and adam else."
)
SCHEDULE_HELP = (
    "How the rate changes: constant, inverse_scaling, adaptive, step, exponential, cosine, coslog4, one_cycle; "
    "if neither it nor an optimizer is said, coslog4 for tables; else constant."
)
WEIGHTS_HELP = (
    "How weights are drawn before the first step: normal, normal_scaled, glorot_uniform, glorot_normal, he, lecun, "
    "orthogonal, zeros, scikit_learn."
)

Source = Annotated[
    str,
    typer.Argument(
        help="A built-in data set (see `limpid datasets`); a table (CSV, Parquet, Arrow, JSON lines; - for standard "
        "input); an SQLite file or postgresql:// address with --query; an .npz or IDX file; a folder that has a folder "
        "of PNG and JPEG files for each class, or a table that names such files."
    ),
]
Target = Annotated[
    str | None,
    typer.Option(help="What to predict: a column (a,b for several), an .npz array, or the IDX file of labels."),
]
Query = Annotated[str | None, typer.Option(help="SQL that selects the rows of a database, in an order.")]
Ignore = Annotated[str | None, typer.Option(help="Columns of a table that are not learned from, as a,b.")]
Categorical = Annotated[str | None, typer.Option(help="Columns of a table whose numbers are names, as a,b.")]
Memory = Annotated[
    str | None, typer.Option(help="What may be held in memory, as 2GB: a Parquet file is read in parts.")
]
DataDir = Annotated[
    Path | None, typer.Option(help="The folder of MNIST's four IDX files, or of the pictures that a .csv file names.")
]
Task = Annotated[str | None, typer.Option(help="classification, multilabel or regression, where the guess is wrong.")]
Threads = Annotated[int | None, typer.Option(help="Processor cores to use at most.", min=1)]
Engine = Annotated[str, typer.Option(help="What computes: native, or reference, which is slower and can be read.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
All = Annotated[bool, typer.Option("--all", help="Show every column, class and finding, however many there are.")]
Quiet = Annotated[bool, typer.Option(help="Print nothing but what is asked for.")]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file.")]
Hidden = Annotated[str, typer.Option(help="Neurons of each hidden layer, as 128,64; none for no hidden layer.")]
Activation = Annotated[str | None, typer.Option(help=ACTIVATION_HELP)]
Output = Annotated[str | None, typer.Option(help=OUTPUT_HELP)]
Cost = Annotated[str | None, typer.Option(help=COST_HELP)]
Normalization = Annotated[
    str | None, typer.Option(help="What hidden neurons' sums are normalised over: batch, layer; nothing if not said.")
]
Embedding = Annotated[
    int | None,
    typer.Option(help="Learned numbers for each column of categories; 0 for an input for each category instead."),
]
Optimizer = Annotated[str | None, typer.Option(help=OPTIMIZER_HELP)]
LearningRate = Annotated[float | None, typer.Option(help="Length of a step.")]
Momentum = Annotated[float | None, typer.Option(help="For the optimizers momentum and nesterov.")]
Schedule = Annotated[str | None, typer.Option(help=SCHEDULE_HELP)]
WarmUp = Annotated[float, typer.Option(help="Epochs over which the learning rate grows from 0.")]
InitialWeights = Annotated[str | None, typer.Option(help=WEIGHTS_HELP)]
L2 = Annotated[
    float | None,
    typer.Option(help="Penalty l2 / (2 batch rows) on the sum of squared weights; 0, but for labels of small tables."),
]
Dropout = Annotated[float | None, typer.Option(help="Share of hidden neurons left out in each step.")]
ClipNorm = Annotated[float | None, typer.Option(help="Longest slope that a step follows.")]
MaxNorm = Annotated[float | None, typer.Option(help="Largest norm of the weights into a hidden neuron.")]
LabelSmoothing = Annotated[float, typer.Option(help="Share of a label's probability spread over all classes.")]
ClassWeight = Annotated[str | None, typer.Option(help="balanced: each class counts the same, however few rows it has.")]
BatchSize = Annotated[int | None, typer.Option(help="Rows a step.")]
Epochs = Annotated[
    int | None, typer.Option(help="Passes over the training rows at most; 100, or 200 for numbers of small tables.")
]
Patience = Annotated[int | None, typer.Option(help="Passes without getting better on unseen rows; 0 never stops.")]
Tolerance = Annotated[float, typer.Option(help="By how much a cost must fall to count as better.")]
GradientTol = Annotated[float | None, typer.Option(help="Stop where the slope is at most this.")]
TestSize = Annotated[float, typer.Option(help="Share of rows held out for the test.")]
ValidationSize = Annotated[float | None, typer.Option(help="Share of training rows that patience watches.")]
Seed = Annotated[int, typer.Option(help="Decides every random draw.")]
Precision = Annotated[
    str | None, typer.Option(help="float32, bfloat16 where the processor has it, or float64 as lbfgs has it.")
]
KeepPath = Annotated[
    bool, typer.Option("--keep-path", help="Keep in the model where each epoch stood: its report shows the descent.")
]
NewModel = Annotated[Path | None, typer.Option(help="Where the model is written; SOURCE's name with .limpid.")]
Checkpoint = Annotated[
    Path | None, typer.Option(help="A folder where training keeps what it takes to go on when it is killed.")
]
Every = Annotated[
    str | None, typer.Option(help="How often it does, as 0.5s, 30s, 5m or 2h; every 30s where nothing is said.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on from what the folder of --checkpoint holds; from the start if nothing.")
]
Report = Annotated[Path | None, typer.Option(help="Where an HTML page about the model is written.")]
Row = Annotated[
    int | None,
    typer.Option(
        help="Which row, counted from 1, of SOURCE's own test rows where it has some; the worst answered if not said."
    ),
]
Page = Annotated[
    Path | None, typer.Option("--out", "-o", help="Where the page is written; MODEL's name with .html if not said.")
]
To = Annotated[
    str, typer.Option("--to", help="What it becomes: onnx, c (a .h and a .c) or js (a module for browsers and Node).")
]
ExportPath = Annotated[
    Path | None, typer.Option("--out", help="Where it is written; MODEL's name with the target's ending if not said.")
]
Out = Annotated[
    Path | None,
    typer.Option(help="A .csv, .jsonl or .parquet file for the answers; CSV to standard output if not said."),
]
Seeds = Annotated[int, typer.Option(help="Splits to compare on, by so many seeds from --seed on.")]
Limit = Annotated[
    float,
    typer.Option(help="Seconds that a method may learn on a split; what would take longer learns from fewer rows."),
]
Widths = Annotated[str, typer.Option(help="Neurons of each hidden layer that are tried, as 8,16,32.")]
Depths = Annotated[str, typer.Option(help="Numbers of hidden layers that are tried, as 1,2,3.")]
NetworkSeeds = Annotated[int, typer.Option("--seeds", help="Networks of each size, by so many seeds from --seed on.")]
Figures = Annotated[Path | None, typer.Option("--out", help="Where the table is written as CSV besides.")]
Size = Annotated[
    str | None,
    typer.Option(
        metavar="WIDTHxHEIGHT", help="Pixels that pictures get, as 28x28; if not said, all must have the same."
    ),
]
Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE", help="What train takes, or pictures, and folders of them.")
]
Seen = Annotated[
    Path | None,
    typer.Option(help="Where the picture that the network saw is written as PNG; of several pictures, a folder."),
]
