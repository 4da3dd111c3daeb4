"""What somebody writes instead: each pair of a directory imported and pushed with the official SDK.

Usage: sdk_script.py FACTS.json PAIRS THREADS
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from huaweicloudsdkcore.auth.credentials import GlobalCredentials
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkscm.v3 import (
    ImportCertificateRequest, ImportCertificateRequestBody, PushCertificateRequest, PushCertificateRequestBody,
    ScmClient)

SERVICES = ("ELB", "WAF", "CDN")
END = "-----END CERTIFICATE-----"


def client_of(facts, threads):
    credentials = GlobalCredentials(facts["access_key"], facts["secret_key"], facts["domain_id"])
    config = HttpConfig.get_default_config()
    config.connection_pool_maxsize = max(threads, 10)
    return (ScmClient.new_builder().with_credentials(credentials).with_http_config(config)
            .with_endpoint(facts["url"]).build())


def renew(client, region, directory):
    leaf, _, chain = (directory / "fullchain.pem").read_text().partition(END)
    body = ImportCertificateRequestBody(name=directory.name, certificate=leaf + END,
                                        certificate_chain=chain.strip(),
                                        private_key=(directory / "privkey.pem").read_text().strip())
    identity = client.import_certificate(ImportCertificateRequest(body=body)).certificate_id
    for service in SERVICES:
        body = PushCertificateRequestBody(target_project=region, target_service=service)
        client.push_certificate(PushCertificateRequest(certificate_id=identity, body=body))


def main():
    facts, pairs, threads = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), int(sys.argv[3])
    client = client_of(facts, threads)
    directories = sorted(pairs.iterdir())
    if threads == 1:
        for directory in directories:
            renew(client, facts["region"], directory)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda directory: renew(client, facts["region"], directory), directories))


if __name__ == "__main__":
    main()
