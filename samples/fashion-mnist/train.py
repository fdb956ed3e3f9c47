"""Trains the sample classifier and writes it as ONNX. For reference only: Lathe itself needs no Python.

    python3 train.py IMAGES WEIGHTS.npz MODEL.onnx

IMAGES is the Fashion-MNIST PNG tree: train/<class>/*.png and test/<class>/*.png. When WEIGHTS.npz is there already,
training is skipped and only the ONNX file is written. Made with PyTorch 1.13, onnx 1.12, Pillow and NumPy.
"""

import json
import os
import sys
import time

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from torch import nn
from torch.nn import functional as F

MEAN, STD = 0.2860, 0.3530
EPOCHS, BATCH, PEAK_RATE, MOMENTUM, WEIGHT_DECAY, SEED = 8, 128, 0.1, 0.9, 5e-4, 20240229


class Residual(nn.Module):
    """Two 3x3 convolutions and a shortcut; the shortcut is a 1x1 convolution where the shape changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.short = stride != 1 or inputs != outputs
        if self.short:
            self.conv3 = nn.Conv2d(inputs, outputs, 1, stride, 0, bias=False)
            self.norm3 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return F.relu(y + (self.norm3(self.conv3(x)) if self.short else x))


class Separable(nn.Module):
    """A depthwise 3x3 and a pointwise 1x1 convolution with a shortcut."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, 1, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(16)
        self.block1 = Residual(16, 16, 1)
        self.block2 = Residual(16, 32, 2)
        self.block3 = Residual(32, 32, 1)
        self.block4 = Residual(32, 64, 2)
        self.block5 = Residual(64, 64, 1)
        self.block6 = Separable(64)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.norm1(self.conv1(x)))
        for block in (self.block1, self.block2, self.block3, self.block4, self.block5, self.block6):
            x = block(x)
        return self.head(x.mean((2, 3)))


def load(folder):
    images, labels = [], []
    for label in range(10):
        for name in sorted(os.listdir(f"{folder}/{label}")):
            images.append(np.asarray(Image.open(f"{folder}/{label}/{name}").convert("L")))
            labels.append(label)
    pixels = torch.from_numpy(np.stack(images)).float().div_(255).sub_(MEAN).div_(STD)
    return pixels[:, None], torch.tensor(labels)


def augment(x, generator):
    """A horizontal flip and a shift of up to two pixels, per image."""
    n, background = len(x), -MEAN / STD
    flip = torch.rand(n, generator=generator) < 0.5
    x = torch.where(flip[:, None, None, None], x.flip(3), x)
    padded = F.pad(x, (2, 2, 2, 2), value=background)
    dy, dx = torch.randint(0, 5, (2, n), generator=generator)
    rows = (dy[:, None] + torch.arange(28))[:, None, :, None]
    columns = (dx[:, None] + torch.arange(28))[:, None, None, :]
    return padded[torch.arange(n)[:, None, None, None], 0, rows, columns]


def accuracy(net, x, y):
    net.eval()
    with torch.no_grad():
        hits = torch.cat([net(part).argmax(1) for part in x.split(500)]) == y
    return hits.float().mean().item()


def train(folder):
    torch.manual_seed(SEED)
    torch.set_num_threads(2)
    generator = torch.Generator().manual_seed(SEED)
    x, y = load(f"{folder}/train")
    held_x, held_y = load(f"{folder}/test")
    net = Net().to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(net.parameters(), PEAK_RATE, MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=True)
    steps = len(x) // BATCH
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, EPOCHS * steps, pct_start=0.25)
    for epoch in range(EPOCHS):
        net.train()
        started, total = time.time(), 0.0
        order = torch.randperm(len(x), generator=generator)
        for step in range(steps):
            pick = order[step * BATCH : (step + 1) * BATCH]
            batch = augment(x[pick], generator).contiguous(memory_format=torch.channels_last)
            loss = F.cross_entropy(net(batch), y[pick])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rate.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / steps:.4f}, {time.time() - started:.0f} s", flush=True)
    print(f"test accuracy {accuracy(net, held_x, held_y):.4f}", flush=True)
    return {name: value.contiguous().numpy() for name, value in net.state_dict().items()}


def build(weights):
    """Writes the graph node by node, so that batch normalisation stays as nodes and every name can be read."""
    nodes, initializers = [], []

    def constant(name, value):
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        return name

    def node(op, name, inputs, **attributes):
        output = attributes.pop("output", f"{name}.out")
        nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))
        return output

    def convolution(x, path, layer, stride=1, groups=1):
        source, number = layer
        weight = weights[f"{source}conv{number}.weight"]
        edge = weight.shape[2]
        w = constant(f"{path}.weight", weight)
        y = node("Conv", path, [x, w], kernel_shape=[edge, edge], strides=[stride, stride], pads=[edge // 2] * 4,
                 dilations=[1, 1], group=groups)
        norm = path.replace("conv", "norm") if "conv" in path else f"{path}.norm"
        keys = {"scale": "weight", "bias": "bias", "mean": "running_mean", "variance": "running_var"}
        statistics = [constant(f"{norm}.{ours}", weights[f"{source}norm{number}.{key}"]) for ours, key in keys.items()]
        return node("BatchNormalization", norm, [y, *statistics], epsilon=1e-5)

    def residual(x, path, source, stride):
        y = convolution(x, f"{path}.conv1", (source, 1), stride)
        y = node("Relu", f"{path}.relu1", [y])
        y = convolution(y, f"{path}.conv2", (source, 2))
        short = convolution(x, f"{path}.shortcut.conv", (source, 3), stride) if f"{source}conv3.weight" in weights else x
        return node("Relu", f"{path}.relu2", [node("Add", f"{path}.add", [y, short])])

    def separable(x, path, source):
        y = convolution(x, f"{path}.depthwise", (source, 1), groups=weights[f"{source}conv1.weight"].shape[0])
        y = convolution(node("Relu", f"{path}.relu1", [y]), f"{path}.pointwise", (source, 2))
        return node("Relu", f"{path}.relu2", [node("Add", f"{path}.add", [y, x])])

    x = node("Relu", "stem.relu", [convolution("image", "stem.conv", ("", 1))])
    for number, stride in enumerate((1, 2, 1, 2, 1), start=1):
        x = residual(x, f"block{number}", f"block{number}.", stride)
    x = separable(x, "block6", "block6.")
    x = node("Flatten", "head.flatten", [node("GlobalAveragePool", "head.pool", [x])], axis=1)
    head = [constant("head.fc.weight", weights["head.weight"]), constant("head.fc.bias", weights["head.bias"])]
    node("Gemm", "head.fc", [x, *head], transB=1, output="logits")

    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 28, 28])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])
    graph = helper.make_graph(nodes, "fashion-mnist", [image], [logits], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model.producer_name = "lathe samples/fashion-mnist/train.py"
    preprocessing = {
        "kind": "image", "channels": "grey", "height": 28, "width": 28, "resize": "none", "interpolation": "bilinear",
        "scale": 1 / 255, "mean": [MEAN], "std": [STD], "layout": "nchw", "type": "float32",
    }
    helper.set_model_props(model, {"lathe.preprocessing": json.dumps(preprocessing)})
    onnx.checker.check_model(model, full_check=True)
    return model


if __name__ == "__main__":
    images, weights_file, model_file = sys.argv[1:]
    if not os.path.exists(weights_file):
        np.savez(weights_file, **train(images))
    onnx.save(build(dict(np.load(weights_file))), model_file)
