"""Where the two differ, and why that is right. Each entry has to be there, and to differ as it says."""

EXTENSION = "Python reads an extension, or a kind of name, that inspect does not show, and finds it malformed"
PARAMETERS = "Python is stricter with the parameters of a signature or a key, which inspect does not use"
SIGN = "a serial number below zero: inspect shows its bytes as they are, Python the number"

# The refusing side, or the field, and the reason.
EXPLAINED = {
    "PKITS_data/certs/DSAParametersInheritedCACert.crt": ("python", PARAMETERS),
    "PKITS_data/certs/InvalidNegativeSerialNumberTest15EE.crt": ("serial", SIGN),
    "PKITS_data/certs/ValidDSAParameterInheritanceTest5EE.crt": ("python", PARAMETERS),
    "cryptography.io.old_header.pem": (
        "inspect",
        "`BEGIN X509 CERTIFICATE` is read by OpenSSL and Python; TLS software overlooks it, so inspect says so",
    ),
    "custom/dsa_null_alg_params.pem": ("python", PARAMETERS),
    "custom/ec_no_named_curve.pem": (
        "key",
        "a curve written out in full: Python recognises the numbers, inspect calls it one without a name",
    ),
    "custom/ecdsa_null_alg.pem": ("python", PARAMETERS),
    "custom/invalid_utf8_common_name.pem": (
        "python",
        "inspect lists it, with a mark in the place of the name that is not UTF-8",
    ),
    "custom/invalid_version.pem": (
        "python",
        "version 7: inspect lists it, and a leaf that is not of version 3 is never sent",
    ),
    "custom/name_attribute_unsupported_tag.pem": (
        "python",
        "a name whose value is a number: inspect shows its bytes",
    ),
    "custom/negative_serial.pem": ("serial", SIGN),
    "ed25519/ed25519-rfc8410.pem": (
        "python",
        "Python insists that a default value is left out, as DER does; inspect, like OpenSSL, does not",
    ),
    "wosign-bc-invalid.pem": (
        "python",
        "a path length although it is no CA: that limits nothing, and inspect lists it",
    ),
} | {
    path: ("python", EXTENSION)
    for path in (
        "badssl-sct-anonymous-sig.der",
        "badssl-sct-none-hash.der",
        "custom/cp_invalid.pem",
        "custom/cp_invalid2.der",
        "custom/empty-eku.pem",
        "custom/inhibit_any_policy_negative.pem",
        "custom/invalid-sct-length.der",
        "custom/invalid-sct-version.der",
        "custom/malformed-ian.pem",
        "custom/malformed-san.pem",
        "custom/nc_invalid_ip4_netmask.der",
        "custom/nc_invalid_ip_netmask.pem",
        "custom/nc_ip_invalid_length.pem",
        "san_edipartyname.der",
        "san_x400address.der",
    )
}
