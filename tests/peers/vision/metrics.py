"""Figures of pictures by OpenCV, NumPy and scikit-image, as JSON: one object for each PPM file that is named."""
import json
import sys

import cv2
import numpy as np
from skimage.metrics import structural_similarity


def figures(path):
    gray = cv2.cvtColor(cv2.imread(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2GRAY)
    counts = cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    share = counts / counts.sum()
    used = share[share > 0]
    mean, deviation = cv2.meanStdDev(gray)
    across = cv2.Sobel(gray, cv2.CV_64F, 1, 0, ksize=3)
    down = cv2.Sobel(gray, cv2.CV_64F, 0, 1, ksize=3)
    even = gray[: gray.shape[0] & ~1, : gray.shape[1] & ~1].astype(np.float64)
    diagonal = (even[::2, ::2] - even[::2, 1::2] - even[1::2, ::2] + even[1::2, 1::2]) / 2
    p1, p99 = np.percentile(gray, [1, 99], method="inverted_cdf")
    return {
        "sharpness": float(cv2.Laplacian(gray, cv2.CV_64F, ksize=1).var()),
        "tenengrad": float((across**2 + down**2).mean()),
        "mean": float(mean[0, 0]),
        "sd": float(deviation[0, 0]),
        "p1": float(p1),
        "p99": float(p99),
        "black": float(share[:3].sum()),
        "white": float(share[253:].sum()),
        "entropy": float(-(used * np.log2(used)).sum()),
        "noise": float(np.median(np.abs(diagonal)) / 0.6745),
        "ssim": float(structural_similarity(gray, gray[:, ::-1], data_range=255)),
    }


print(json.dumps([figures(path) for path in sys.argv[1:]]))
