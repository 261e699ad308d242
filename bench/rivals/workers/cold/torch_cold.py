import json
import sys

import torch
from measured import report

job = json.loads(sys.argv[1])
torch.set_num_threads(job["threads"])
model = torch.load(job["folder"] + "/model.pt")
with torch.inference_mode():
    report(model(((torch.arange(784) * 7919) % 256 / 255).reshape(1, 784))[0].tolist())
