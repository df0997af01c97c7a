"""Prepares a photograph as the vision tool does, with Pillow or with OpenCV, and tells CPU and peak memory.

usage: prepare.py pillow|pillow-draft|opencv|opencv-reduced FILE [ROUNDS]
Steps: decode, upright, RGB, long edge to 1,568 (Lanczos), metrics on a copy of 1,024, JPEG quality 85.
pillow-draft and opencv-reduced let the JPEG decoder halve the picture, as a script may that cares for speed.
"""
import io
import resource
import sys
import time

import numpy as np

SENT, MEASURED, QUALITY = 1568, 1024, 85


def fit(width, height, edge):
    scale = min(1.0, edge / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def histogram_figures(counts):
    share = counts / counts.sum()
    levels = np.arange(256)
    mean = float((share * levels).sum())
    total = np.cumsum(share)
    used = share[share > 0]
    return {
        "mean": mean,
        "sd": float(np.sqrt((share * (levels - mean) ** 2).sum())),
        "p1": int(np.searchsorted(total, 0.01)),
        "p99": int(np.searchsorted(total, 0.99)),
        "black": float(share[:3].sum()),
        "white": float(share[253:].sum()),
        "entropy": float(-(used * np.log2(used)).sum()),
    }


def bits(mask):
    return np.packbits(mask.ravel()).tobytes().hex()


def phash(small):
    k = np.arange(32)
    dct = np.cos(np.pi / 32 * (k[None, :] + 0.5) * k[:, None])[:8]
    low = dct @ small @ dct.T
    return bits(low > np.median(low.ravel()[1:]))


def pillow(data, draft):
    from PIL import Image, ImageOps

    image = Image.open(io.BytesIO(data))
    if draft:
        image.draft("RGB", fit(*image.size, SENT))
    image = ImageOps.exif_transpose(image).convert("RGB")
    sent = image.resize(fit(*image.size, SENT), Image.LANCZOS)
    del image
    gray = sent.resize(fit(*sent.size, MEASURED), Image.LANCZOS).convert("L")
    out = io.BytesIO()
    sent.save(out, "JPEG", quality=QUALITY)
    luma = np.asarray(gray, dtype=np.int16)
    figures = histogram_figures(np.array(gray.histogram(), dtype=np.float64))
    p = np.pad(luma, 1, mode="reflect")
    laplacian = p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:] - 4 * luma
    figures["sharpness"] = float(laplacian.var())
    across = p[:, 2:] - p[:, :-2]
    gx = (across[:-2] + 2 * across[1:-1] + across[2:]).astype(np.float32)
    down = p[2:] - p[:-2]
    gy = (down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]).astype(np.float32)
    figures["tenengrad"] = float((gx * gx + gy * gy).mean())
    figures["noise"] = haar_noise(luma)
    nine = np.asarray(gray.resize((9, 8), Image.BOX), dtype=np.int16)
    figures["dhash"] = bits(nine[:, 1:] > nine[:, :-1])
    figures["phash"] = phash(np.asarray(gray.resize((32, 32), Image.BOX), dtype=np.float64))
    return figures, out.getvalue()


def haar_noise(luma):
    even = luma[: luma.shape[0] & ~1, : luma.shape[1] & ~1].astype(np.int16)
    diagonal = even[::2, ::2] - even[::2, 1::2] - even[1::2, ::2] + even[1::2, 1::2]
    return float(np.median(np.abs(diagonal)) / 2 / 0.6745)


def opencv_figures(gray):
    import cv2

    figures = histogram_figures(np.bincount(gray.ravel(), minlength=256).astype(np.float64))
    laplacian = cv2.Laplacian(gray, cv2.CV_16S, ksize=1)
    figures["sharpness"] = float(cv2.meanStdDev(laplacian)[1][0, 0] ** 2)
    gx = cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=3)
    gy = cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=3)
    figures["tenengrad"] = float((cv2.norm(gx, cv2.NORM_L2SQR) + cv2.norm(gy, cv2.NORM_L2SQR)) / gray.size)
    figures["noise"] = haar_noise(gray.astype(np.int16))
    return figures


def opencv(data, reduced):
    import cv2

    flag = cv2.IMREAD_REDUCED_COLOR_2 if reduced else cv2.IMREAD_COLOR
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    height, width = image.shape[:2]
    sent = cv2.resize(image, fit(width, height, SENT), interpolation=cv2.INTER_LANCZOS4 if reduced else cv2.INTER_AREA)
    del image
    height, width = sent.shape[:2]
    measured = cv2.resize(sent, fit(width, height, MEASURED), interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(measured, cv2.COLOR_BGR2GRAY)
    out = cv2.imencode(".jpg", sent, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
    figures = opencv_figures(gray)
    nine = cv2.resize(gray, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    figures["dhash"] = bits(nine[:, 1:] > nine[:, :-1])
    figures["phash"] = phash(cv2.resize(gray, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float64))
    return figures, out


def main():
    how, path = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    with open(path, "rb") as file:
        data = file.read()
    ways = {
        "pillow": lambda: pillow(data, False),
        "pillow-draft": lambda: pillow(data, True),
        "opencv": lambda: opencv(data, False),
        "opencv-reduced": lambda: opencv(data, True),
    }
    if how.startswith("opencv"):
        import cv2

        cv2.setNumThreads(1)
    prepare = ways[how]
    prepare()
    best = float("inf")
    start = time.process_time()
    for _ in range(rounds):
        one = time.process_time()
        figures, jpeg = prepare()
        best = min(best, time.process_time() - one)
    mean = (time.process_time() - start) / rounds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{how}: {mean * 1e3:.1f} ms CPU (best {best * 1e3:.1f}), peak {peak:.0f} MiB, "
          f"JPEG {len(jpeg)} bytes, sharpness {figures['sharpness']:.1f}")


if __name__ == "__main__":
    main()
