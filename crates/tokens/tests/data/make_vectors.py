"""Makes vectors.json: tokens of every algorithm, signed by PyJWT with keys that are thrown away afterwards.

python3 -m venv v && v/bin/pip install "PyJWT[crypto]==2.*" && v/bin/python make_vectors.py > vectors.json
"""

import json

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLAIMS = {"tenant": "acme", "scope": "read", "sub": "vector", "exp": 4102444800}
SECRET = "a shared secret, long enough for the longest of the three: SHA-512"

rsa_key = rsa.generate_private_key(65537, 2048)
p256, p384, p521 = (ec.generate_private_key(curve()) for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1))
ed = ed25519.Ed25519PrivateKey.generate()
keys = {
    **dict.fromkeys(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"], rsa_key),
    "ES256": p256, "ES384": p384, "ES512": p521, "EdDSA": ed,
}  # fmt: skip

vectors = []
for name in ("HS256", "HS384", "HS512"):
    vectors.append({"algorithm": name, "secret": SECRET, "token": jwt.encode(CLAIMS, SECRET, name)})
for name, key in keys.items():
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    jwk = json.loads(jwt.get_algorithm_by_name(name).to_jwk(key.public_key()))
    vectors.append({"algorithm": name, "pem": pem, "jwk": jwk, "token": jwt.encode(CLAIMS, key, name)})
print(json.dumps(vectors, indent=1))
