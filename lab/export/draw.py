"""Draw 64 images of the generator beside this file into samples.png: python draw.py [SEED]"""

import json
import sys
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file


def main() -> None:
    here, seed = Path(__file__).parent, int(sys.argv[1]) if len(sys.argv) > 1 else 0
    size = json.loads((here / "generator.json").read_text())["latent_size"]
    generator = torch.export.load(here / "generator.pt2").module()
    generator.load_state_dict(load_file(here / "generator.safetensors"))
    inputs = [torch.randn(64, size, generator=torch.Generator().manual_seed(seed))]
    if (here / "conditions.safetensors").exists():  # one for each row: a class, or a text's vector
        rows = load_file(here / "conditions.safetensors")["conditions"]
        inputs.append(rows[torch.arange(64) // 8 % len(rows)])
    with torch.no_grad():
        images = generator(*inputs)  # [64, channels, side, side] in [-1, 1]
    pixels = (images * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8)
    grid = pixels.unflatten(0, (8, 8)).permute(0, 3, 1, 4, 2).flatten(2, 3).flatten(0, 1)
    Image.fromarray(grid.squeeze(-1).numpy()).save("samples.png")


if __name__ == "__main__":
    main()
