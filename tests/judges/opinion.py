"""What Python's `cryptography` says of a file, in the words of `certrotd inspect --format json`."""

import ipaddress
import unicodedata
import warnings

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

# It warns of what it will refuse one day; what it says today counts.
warnings.simplefilter("ignore")

CURVES = {
    "secp256r1": "ECDSA P-256",
    "secp384r1": "ECDSA P-384",
    "secp521r1": "ECDSA P-521",
    "secp256k1": "ECDSA secp256k1",
}
# How `inspect` calls the types of attributes; others are shown by their OID.
ATTRIBUTES = {
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "Email",
    "1.3.6.1.4.1.311.60.2.1.3": "msJurisdictionCountry",
    "2.5.4.3": "CN",
    "2.5.4.4": "surname",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "streetAddress",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "givenName",
    "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier",
    "2.5.4.45": "uniqueIdentifier",
    "2.5.4.46": "dnQualifier",
}
# Characters of a name that are shown.
NAME_CHARS_MAX = 512
# Kinds of keys that it has no class of their own for, by the OID that stands in the certificate.
KINDS = {"1.2.840.113549.1.1.10": "RSA-PSS"}


def certificates(content):
    """Each certificate of a file, PEM or DER, in order; ValueError where one of them is refused."""
    if b"-----BEGIN" in content:
        found = x509.load_pem_x509_certificates(content)
    else:
        found = [x509.load_der_x509_certificate(content)]
    return [facts(certificate) for certificate in found]


def facts(certificate):
    """The same fields as `inspect` has, each in the same form."""
    return {
        "subject": name(certificate.subject),
        "issuer": name(certificate.issuer),
        "serial": format(certificate.serial_number, "x"),
        "not_before": moment(certificate.not_valid_before_utc),
        "not_after": moment(certificate.not_valid_after_utc),
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
        "sans": sans(certificate),
        "key": key(certificate),
    }


def name(whole):
    """`CN=…, O=…`, as `inspect` strings it together; bounded, as it is there."""
    sets = (" + ".join(map(attribute, several)) for several in whole.rdns)
    text = ", ".join(sets) or "(no name)"
    shown = text[:NAME_CHARS_MAX]
    return "".join(f"\\x{ord(c):02x}" if unicodedata.category(c) == "Cc" else c for c in shown)


def attribute(one):
    """Its type and its value; what is no text in upper-case hex."""
    kind = ATTRIBUTES.get(one.oid.dotted_string, f"OID({one.oid.dotted_string})")
    return f"{kind}={one.value if isinstance(one.value, str) else one.value.hex().upper()}"


def moment(value):
    """RFC 3339 in UTC."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def sans(certificate):
    """DNS names and IP addresses, in order."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    wanted = (x509.DNSName, x509.IPAddress)
    values = [entry.value for entry in extension.value if isinstance(entry, wanted)]
    return [str(ipaddress.ip_address(it)) if not isinstance(it, str) else it for it in values]


def key(certificate):
    """Kind and size."""
    oid = certificate.public_key_algorithm_oid.dotted_string
    if oid in KINDS:
        return KINDS[oid]
    try:
        public = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return f"algorithm {oid}"
    match public:
        case rsa.RSAPublicKey():
            return f"RSA {public.key_size}"
        case ec.EllipticCurvePublicKey():
            return CURVES.get(public.curve.name, f"ECDSA {public.curve.name}")
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case ed448.Ed448PublicKey():
            return "Ed448"
        case dsa.DSAPublicKey():
            return "DSA"
    return type(public).__name__
