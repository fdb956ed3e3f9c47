"""Writes losses.json and optimizers.json: what PyTorch says for the same numbers. Run with PyTorch 1.13 or newer."""

import json
import os

import torch
import torch.nn.functional as F

torch.manual_seed(0)
here = os.path.dirname(os.path.abspath(__file__))


def numbers(tensor):
    return [float(f"{x:.9g}") for x in tensor.detach().double().reshape(-1).tolist()]


def case(name, spec, output, target, loss, kind):
    (gradient,) = torch.autograd.grad(loss, output)
    return {
        "name": name,
        "spec": spec,
        "kind": kind,
        "dims": list(output.shape),
        "output": numbers(output),
        "target": [int(t) for t in target.reshape(-1)] if kind == "classes" else numbers(target),
        "loss": float(loss),
        "gradient": numbers(gradient),
    }


def random(*shape):
    return torch.randn(*shape, requires_grad=True)


def losses():
    y, labels = random(5, 4), torch.tensor([0, 3, 2, 2, 1])
    soft = F.softmax(torch.randn(5, 4), 1)
    weights = torch.tensor([0.5, 1.0, 2.0, 1.5])
    yield case("hard labels", {"kind": "cross-entropy"}, y, labels, F.cross_entropy(y, labels), "classes")
    yield case(
        "smoothed labels",
        {"kind": "cross-entropy", "smoothing": 0.1},
        y,
        labels,
        F.cross_entropy(y, labels, label_smoothing=0.1),
        "classes",
    )
    yield case(
        "weighted classes",
        {"kind": "cross-entropy", "weights": weights.tolist()},
        y,
        labels,
        F.cross_entropy(y, labels, weight=weights),
        "classes",
    )
    yield case("distributions", {"kind": "cross-entropy"}, y, soft, F.cross_entropy(y, soft), "probabilities")
    ignored = torch.tensor([0, -1, 2, 2, -1])
    yield case(
        "ignored labels",
        {"kind": "cross-entropy"},
        y,
        ignored,
        F.cross_entropy(y, ignored, ignore_index=-1),
        "classes",
    )
    maps, pixels = random(2, 3, 4, 5), torch.randint(0, 3, (2, 4, 5))
    yield case("segmentation", {"kind": "cross-entropy"}, maps, pixels, F.cross_entropy(maps, pixels), "classes")
    yes = torch.rand(5, 4).round()
    yield case("yes or no", {"kind": "bce"}, y, yes, F.binary_cross_entropy_with_logits(y, yes), "values")
    yield case(
        "weighted yes",
        {"kind": "bce", "positiveWeight": 3},
        y,
        yes,
        F.binary_cross_entropy_with_logits(y, yes, pos_weight=torch.full((4,), 3.0)),
        "values",
    )
    yield case(
        "divergence", {"kind": "kl"}, y, soft, F.kl_div(F.log_softmax(y, 1), soft, reduction="batchmean"), "probabilities"
    )
    teacher = torch.randn(5, 4)
    distilled = 9 * F.kl_div(F.log_softmax(y / 3, 1), F.softmax(teacher / 3, 1), reduction="batchmean")
    yield case(
        "a teacher at temperature 3",
        {"kind": "kl", "targetLogits": True, "temperature": 3},
        y,
        teacher,
        distilled,
        "values",
    )
    q = F.softmax(y, 1)
    m = (q + soft) / 2
    js = (F.kl_div(m.log(), soft, reduction="batchmean") + F.kl_div(m.log(), q, reduction="batchmean")) / 2
    yield case("symmetric divergence", {"kind": "js"}, y, soft, js, "probabilities")
    values = torch.randn(5, 4)
    yield case("squares", {"kind": "mse"}, y, values, F.mse_loss(y, values), "values")
    yield case("distances", {"kind": "l1"}, y, values, F.l1_loss(y, values), "values")
    yield case("huber", {"kind": "huber", "delta": 0.7}, y, values, F.huber_loss(y, values, delta=0.7), "values")
    yield case("angles", {"kind": "cosine"}, y, values, (1 - F.cosine_similarity(y, values, 1)).mean(), "values")
    my, mt = y.mean(0), values.mean(0)
    covariance = ((y - my) * (values - mt)).mean(0)
    ccc = 2 * covariance / (y.var(0, unbiased=False) + values.var(0, unbiased=False) + (my - mt) ** 2)
    yield case("concordance", {"kind": "ccc"}, y, values, 1 - ccc.mean(), "values")
    p, t = F.softmax(maps, 1), F.one_hot(pixels, 3).permute(0, 3, 1, 2).float()
    shared, both = (p * t).sum((0, 2, 3)), p.sum((0, 2, 3)) + t.sum((0, 2, 3))
    yield case("overlap", {"kind": "dice"}, maps, pixels, 1 - ((2 * shared + 1) / (both + 1)).mean(), "classes")


def optimizers():
    start = torch.randn(4, 3)
    goal = torch.randn(4, 3)
    O = torch.optim
    rows = [
        ("plain", {"kind": "sgd", "momentum": 0}, lambda p: O.SGD(p, 0.1)),
        ("momentum", {"kind": "sgd"}, lambda p: O.SGD(p, 0.1, momentum=0.9)),
        (
            "nesterov with decay",
            {"kind": "sgd", "nesterov": True, "weightDecay": 0.05},
            lambda p: O.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.05),
        ),
        ("adam with decay", {"kind": "adam", "weightDecay": 0.05}, lambda p: O.Adam(p, 0.1, weight_decay=0.05)),
        ("adamw", {"kind": "adamw", "weightDecay": 0.05}, lambda p: O.AdamW(p, 0.1, weight_decay=0.05)),
        ("rmsprop", {"kind": "rmsprop"}, lambda p: O.RMSprop(p, 0.1)),
        (
            "rmsprop with momentum",
            {"kind": "rmsprop", "momentum": 0.9, "weightDecay": 0.05},
            lambda p: O.RMSprop(p, 0.1, momentum=0.9, weight_decay=0.05),
        ),
    ]
    for name, spec, make in rows:
        w = start.clone().requires_grad_(True)
        optimizer = make([w])
        for _ in range(5):
            optimizer.zero_grad()
            F.mse_loss(w, goal).backward()
            optimizer.step()
        yield {"name": name, "spec": spec, "start": numbers(start), "goal": numbers(goal), "after": numbers(w)}
    # LAMB is not in PyTorch: the paper's algorithm 2, step by step.
    w, m, v = start.double(), torch.zeros(4, 3).double(), torch.zeros(4, 3).double()
    for step in range(1, 6):
        g = 2 * (w - goal.double()) / 12
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        r = (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-6) + 0.05 * w
        w = w - 0.1 * w.norm() / r.norm() * r
    spec = {"kind": "lamb", "weightDecay": 0.05}
    yield {"name": "lamb", "spec": spec, "start": numbers(start), "goal": numbers(goal), "after": numbers(w)}


def schedules():
    p = [torch.zeros(1, requires_grad=True)]
    optimizer = torch.optim.SGD(p, 1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=20, cycle_momentum=False)
    rates = []
    for _ in range(20):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step() if len(rates) < 20 else None
    return rates


for name, content in [("losses", list(losses())), ("optimizers", list(optimizers())), ("oneCycle", schedules())]:
    with open(os.path.join(here, name + ".json"), "w") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
