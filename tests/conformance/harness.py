"""The running simulated cloud, official clients for it, and what checks are made of."""

import json
import subprocess
import urllib.request

from cloud import switch
from huaweicloudsdkcdn.v2 import CdnClient
from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, ServiceResponseException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkdcs.v2 import DcsClient
from huaweicloudsdkdds.v3 import DdsClient
from huaweicloudsdkelb.v3 import ElbClient
from huaweicloudsdkgaussdb.v3 import GaussDBClient
from huaweicloudsdkgaussdbfornosql.v3 import GaussDBforNoSQLClient
from huaweicloudsdkgaussdbforopengauss.v3 import GaussDBforopenGaussClient
from huaweicloudsdkiam.v3 import IamClient
from huaweicloudsdkrds.v3 import RdsClient
from huaweicloudsdkscm.v3 import (
    ImportCertificateRequest, ImportCertificateRequestBody, PushCertificateRequest,
    PushCertificateRequestBody, ScmClient)
from huaweicloudsdkwaf.v1 import WafClient


class Cloud:
    """The running example, its facts, and clients for it."""

    def __init__(self, binary, *options):
        self.process = subprocess.Popen([binary, "--job-time-ms", "1500", *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.facts = json.loads(self.process.stdout.readline())
        for name, value in self.facts.items():
            setattr(self, name, value)
        self.kept = {}
        self.use(self.basic(), self.glob())

    def basic(self, ak=None, sk=None):
        return BasicCredentials(ak or self.access_key, sk or self.secret_key, self.project_id)

    def glob(self, ak=None, sk=None):
        return GlobalCredentials(ak or self.access_key, sk or self.secret_key, self.domain_id)

    def client(self, kind, credentials):
        config = HttpConfig.get_default_config()
        config.timeout = (5, 10)
        return (kind.new_builder().with_http_config(config).with_credentials(credentials)
                .with_endpoint(self.url).build())

    def use(self, basic, glob):
        self.scm = self.client(ScmClient, glob)
        self.iam = self.client(IamClient, glob)
        self.cdn = self.client(CdnClient, glob)
        self.elb = self.client(ElbClient, basic)
        self.waf = self.client(WafClient, basic)
        self.dcs = self.client(DcsClient, basic)
        self.geminidb_client = self.client(GaussDBforNoSQLClient, basic)
        self.taurusdb_client = self.client(GaussDBClient, basic)
        self.rds_client = self.client(RdsClient, basic)
        self.dds_client = self.client(DdsClient, basic)
        self.gaussdb_client = self.client(GaussDBforopenGaussClient, basic)

    def switch(self, name, body=None):
        """The cloud's own switchboard."""
        return switch(self.url, name, body)

    def issue(self, **wish):
        return self.switch("issue", wish)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def fetched(link, headers=None):
    """What lies behind a link, without credentials unless they are given."""
    with urllib.request.urlopen(urllib.request.Request(link, headers=headers or {})) as reply:
        return reply.read()


def fails(call, kind, status, code, part=""):
    """The call must raise this exception of the SDK, with this status and code."""
    try:
        call()
    except ServiceResponseException as error:
        found = (type(error), error.status_code, error.error_code)
        assert found == (kind, status, code), f"{found} {error.error_msg}"
        assert part in (error.error_msg or ""), error.error_msg
        assert error.request_id, "no request id"
        return error
    raise AssertionError("no error was raised")


def bad(call, code, part=""):
    return fails(call, ClientRequestException, 400, code, part)


def import_request(name, pair, **changes):
    body = ImportCertificateRequestBody(
        name=name, certificate=pair["certificate"], certificate_chain=pair["certificate_chain"],
        private_key=pair["private_key"])
    for field, value in changes.items():
        setattr(body, field, value)
    return ImportCertificateRequest(body=body)


def imported(cloud, name, pair, **changes):
    return cloud.scm.import_certificate(import_request(name, pair, **changes))


def push(cloud, certificate, service, project=None):
    body = PushCertificateRequestBody(target_project=project or cloud.region, target_service=service)
    return cloud.scm.push_certificate(PushCertificateRequest(certificate_id=certificate, body=body))
