"""Drives the simulated cloud with the official SDK: every operation certrotd uses must be accepted
by the SDK's types, and every error must raise the SDK's exception with the right code.

Usage: conformance.py PATH-OF-THE-EXAMPLE-BINARY. Prints a line a check and a closing count.
"""

import json
import logging
import sys
import urllib.error
import urllib.request
from datetime import datetime

from huaweicloudsdkcdn.v2 import ShowCertificatesHttpsInfoRequest
from huaweicloudsdkcore.auth.internal import MetadataAccessor
from huaweicloudsdkcore.exceptions.exceptions import (
    ClientRequestException, ServiceResponseException)
from huaweicloudsdkelb.v3 import ListCertificatesRequest as ElbList
from huaweicloudsdkelb.v3 import ShowCertificateRequest as ElbShow
from huaweicloudsdkiam.v3 import (
    AuthScope, AuthScopeProject, KeystoneCreateUserTokenByPasswordRequest,
    KeystoneCreateUserTokenByPasswordRequestBody, KeystoneListAuthDomainsRequest,
    KeystoneListProjectsRequest, PwdAuth, PwdIdentity, PwdPassword, PwdPasswordUser,
    PwdPasswordUserDomain)
from huaweicloudsdkscm.v3 import (
    BatchPushCertificateRequest, BatchPushCertificateRequestBody, DeleteCertificateRequest,
    ImportCertificateRequest, ImportCertificateRequestBody, ScmClient)
from huaweicloudsdkscm.v3 import ListCertificatesRequest as ScmList
from huaweicloudsdkscm.v3 import ShowCertificateRequest as ScmShow
from huaweicloudsdkwaf.v1 import ListCertificatesRequest as WafList
from huaweicloudsdkwaf.v1 import ShowCertificateRequest as WafShow

import instances
import targets
from harness import Cloud, bad, fails, fetched, imported, push
from tally import closing

CHECKS = []


def check(function):
    """Registers a check; they run in the order written, on one cloud."""
    CHECKS.append(function)
    return function


# SCM


@check
def scm_imports_pairs_of_every_key_kind(cloud):
    for kind in ("rsa", "p256", "p384", "ed25519"):
        pair = cloud.issue(name=f"{kind}.example.com", key=kind)
        answer = imported(cloud, f"www-{kind}", pair)
        assert len(answer.certificate_id) == 16 and answer.certificate_id.startswith("scs")
        cloud.kept[kind] = (answer.certificate_id, pair)


@check
def scm_takes_a_fullchain_in_one_field(cloud):
    pair = cloud.issue(name="full.example.com")
    both = pair["certificate"] + "\n" + pair["certificate_chain"]
    body = ImportCertificateRequestBody(name="full", certificate=both, private_key=pair["private_key"])
    assert cloud.scm.import_certificate(ImportCertificateRequest(body=body)).certificate_id


@check
def scm_the_same_pair_twice_makes_two(cloud):
    identity, pair = cloud.kept["p256"]
    assert imported(cloud, "www-p256", pair).certificate_id != identity


@check
def scm_refuses_what_is_documented_as_refused(cloud):
    pair = cloud.issue(name="bad.example.com")
    other = cloud.issue(name="other.example.com")
    old = cloud.issue(name="old.example.com", days=-1)
    lone = ImportCertificateRequest(body=ImportCertificateRequestBody(
        name="lone", certificate=pair["certificate"], private_key=pair["private_key"]))
    bad(lambda: cloud.scm.import_certificate(lone), "SCM.0079", "chain length 1")
    for changes, code in [
        ({"name": "ab"}, "SCM.0032"),
        ({"name": "a b c"}, "SCM.0032"),
        ({"name": "x" * 64}, "SCM.0032"),
        ({"certificate": "x" * 4097}, "SCM.0005"),
        ({"certificate_chain": "x" * 8193}, "SCM.0005"),
        ({"private_key": "x" * 4097}, "SCM.0005"),
        ({"certificate": pair["certificate"] + "\n"}, "SCM.0006"),
        ({"certificate": "garbage"}, "SCM.0006"),
        ({"certificate_chain": other["root"]}, "SCM.0079"),
        ({"certificate_chain": ""}, "SCM.0054"),
        ({"certificate_chain": "garbage"}, "SCM.0053"),
        ({"private_key": "garbage"}, "SCM.0114"),
        ({"private_key": other["private_key"]}, "SCM.0014"),
    ]:
        bad(lambda: imported(cloud, changes.pop("name", "bad"), pair, **changes), code)
    bad(lambda: imported(cloud, "old", old), "SCM.0006", "expired")


@check
def scm_lists_with_paging_and_content(cloud):
    answer = cloud.scm.list_certificates(ScmList(limit=10, offset=0, sort_key="certUpdateTime", sort_dir="DESC"))
    assert answer.total_count == 6 and len(answer.certificates) == 6, answer.total_count
    assert answer.certificates[0].name == "www-p256" and answer.certificates[0].status == "UPLOAD"
    found = cloud.scm.list_certificates(ScmList(limit=50, content="www-rsa", status="UPLOAD")).certificates
    assert [item.id for item in found] == [cloud.kept["rsa"][0]]
    assert found[0].domain == "rsa.example.com" and found[0].domain_type == "SINGLE_DOMAIN"
    assert cloud.scm.list_certificates(ScmList(limit=10, offset=4)).certificates[1:] != []
    assert cloud.scm.list_certificates(ScmList(content="no-such-name")).certificates == []


@check
def scm_shows_the_fingerprint(cloud):
    identity, pair = cloud.kept["rsa"]
    answer = cloud.scm.show_certificate(ScmShow(certificate_id=identity))
    digest = answer.fingerprint.replace(":", "").lower()
    assert len(digest) == 40 and digest == next(
        found["sha1"] for found in cloud.switch("imports") if found["id"] == identity)
    assert answer.name == "www-rsa" and answer.push_support == "ON" and answer.signature_algorithm


@check
def scm_pushes_to_three_services(cloud):
    identity, _ = cloud.kept["rsa"]
    for service in ("ELB", "WAF", "CDN"):
        assert push(cloud, identity, service).status_code == 204
    assert len(cloud.switch("copies")) == 3


@check
def scm_push_errors(cloud):
    identity, _ = cloud.kept["rsa"]
    bad(lambda: push(cloud, identity, "CDN"), "SCM.0211", "already exists")
    bad(lambda: push(cloud, identity, "ELB", "mars-north-1"), "SCM.0069", "Invalid region id.")
    bad(lambda: push(cloud, identity, "VPN"), "SCM.0030")
    bad(lambda: push(cloud, "scs0000000000000", "ELB"), "SCM.0008")
    bad(lambda: cloud.scm.show_certificate(ScmShow(certificate_id="scs0000000000000")), "SCM.0008")


@check
def scm_batch_push_tells_each_target(cloud):
    identity, _ = cloud.kept["p384"]
    body = BatchPushCertificateRequestBody(
        target_projects=[cloud.region, "mars-north-1"], target_service="ELB")
    results = cloud.scm.batch_push_certificate(
        BatchPushCertificateRequest(certificate_id=identity, body=body)).results
    assert (results[0].message, len(results[0].cert_id)) == ("success", 32)
    assert (results[1].message, results[1].cert_id) == ("Invalid region id.", "")


@check
def scm_deletes(cloud):
    identity, _ = cloud.kept["ed25519"]
    answer = cloud.scm.delete_certificate(DeleteCertificateRequest(certificate_id=identity))
    assert answer.status_code == 204
    bad(lambda: cloud.scm.show_certificate(ScmShow(certificate_id=identity)), "SCM.0008")


# The targets


@check
def elb_lists_and_shows_the_copies(cloud):
    answer = cloud.elb.list_certificates(ElbList(limit=1))
    assert answer.page_info.current_count == 1 and answer.page_info.next_marker
    rest = cloud.elb.list_certificates(ElbList(limit=1, marker=answer.page_info.next_marker))
    assert rest.page_info.next_marker is None
    both = answer.certificates + rest.certificates
    pems = {item.certificate.split("-----END")[0] for item in both}
    assert pems == {cloud.kept[kind][1]["certificate"].split("-----END")[0] for kind in ("rsa", "p384")}
    named = cloud.elb.list_certificates(ElbList(common_name=["rsa.example.com"])).certificates
    assert len(named) == 1 and named[0].type == "server" and len(named[0].id) == 32
    shown = cloud.elb.show_certificate(ElbShow(certificate_id=named[0].id)).certificate
    assert shown.id == named[0].id and shown.subject_alternative_names == ["rsa.example.com"]
    fails(lambda: cloud.elb.show_certificate(ElbShow(certificate_id="0" * 32)), ClientRequestException, 404,
          "ELB.8907")


@check
def waf_lists_without_and_shows_with_content(cloud):
    answer = cloud.waf.list_certificates(WafList(page=1, pagesize=100))
    assert answer.total == 1 and answer.items[0].bind_host == []
    shown = cloud.waf.show_certificate(WafShow(certificate_id=answer.items[0].id))
    assert shown.content.startswith(cloud.kept["rsa"][1]["certificate"])
    fails(lambda: cloud.waf.show_certificate(WafShow(certificate_id="0" * 32)), ClientRequestException, 404,
          "WAF.00014002")


@check
def cdn_shows_bound_domains_only(cloud):
    assert cloud.cdn.show_certificates_https_info(ShowCertificatesHttpsInfoRequest()).total == 0
    cloud.switch("bind-cdn", {"domain": "rsa.example.com", "certificate_id": cloud.kept["rsa"][0]})
    answer = cloud.cdn.show_certificates_https_info(
        ShowCertificatesHttpsInfoRequest(page_size=10, page_number=1, domain_name="rsa.example.com"))
    assert answer.total == 1 and answer.https[0].domain_name == "rsa.example.com"
    assert answer.https[0].certificate.startswith(cloud.kept["rsa"][1]["certificate"])


# Identity


def token_request(cloud, password, project=True):
    user = PwdPasswordUser(
        domain=PwdPasswordUserDomain(name=cloud.domain), name=cloud.user, password=password)
    scope = AuthScope(project=AuthScopeProject(name=cloud.region)) if project else None
    identity = PwdIdentity(methods=["password"], password=PwdPassword(user=user))
    body = KeystoneCreateUserTokenByPasswordRequestBody(auth=PwdAuth(identity=identity, scope=scope))
    return KeystoneCreateUserTokenByPasswordRequest(nocatalog="true", body=body)


@check
def iam_gives_tokens_that_open_the_services(cloud):
    answer = cloud.iam.keystone_create_user_token_by_password(token_request(cloud, cloud.password))
    assert answer.status_code == 201 and len(answer.x_subject_token) > 32
    assert answer.token.project.id == cloud.project_id and answer.token.methods == ["password"]
    assert datetime.strptime(answer.token.expires_at, "%Y-%m-%dT%H:%M:%S.%fZ")
    path = cloud.url + "/v3/scm/certificates?limit=10"
    assert json.loads(fetched(path, {"X-Auth-Token": answer.x_subject_token}))["total_count"] == 5
    cloud.switch("expire-tokens", {})
    try:
        fetched(path, {"X-Auth-Token": answer.x_subject_token})
        raise AssertionError("an expired token passed")
    except urllib.error.HTTPError as error:
        assert (error.code, json.loads(error.read())["error_code"]) == (401, "APIGW.0307")


@check
def iam_refuses_a_wrong_password(cloud):
    error = fails(
        lambda: cloud.iam.keystone_create_user_token_by_password(token_request(cloud, "wrong", False)),
        ClientRequestException, 401, 401)
    assert error.error_msg == "The username or password is wrong."


@check
def iam_finds_project_and_account(cloud):
    projects = cloud.iam.keystone_list_projects(KeystoneListProjectsRequest(name=cloud.region)).projects
    assert [(item.id, item.name) for item in projects] == [(cloud.project_id, cloud.region)]
    assert cloud.iam.keystone_list_projects(KeystoneListProjectsRequest(name="mars-north-1")).projects == []
    domains = cloud.iam.keystone_list_auth_domains(KeystoneListAuthDomainsRequest()).domains
    assert [item.id for item in domains] == [cloud.domain_id]


@check
def metadata_gives_temporary_keys_that_sign(cloud):
    accessor = MetadataAccessor()
    accessor._METADATA_ENDPOINT = cloud.url
    found = accessor.get_credential()
    glob = cloud.glob(found.access, found.secret).with_security_token(found.security_token)
    scm = cloud.client(ScmClient, glob)
    assert scm.list_certificates(ScmList()).total_count == 5
    without = cloud.client(ScmClient, cloud.glob(found.access, found.secret))
    fails(lambda: without.list_certificates(ScmList()), ClientRequestException, 401, "APIGW.0301")


# Refusals and weather


@check
def a_wrong_secret_key_is_refused_and_then_locked(cloud):
    other = cloud.client(ScmClient, cloud.glob("UNKNOWNKEY0000000001", "x" * 40))
    fails(lambda: other.list_certificates(ScmList()), ClientRequestException, 401, "APIGW.0301", "ak not exist")
    wrong = cloud.client(ScmClient, cloud.glob(sk="x" * 40))
    fails(lambda: wrong.list_certificates(ScmList()), ClientRequestException, 401, "APIGW.0301",
          "verify aksk signature fail, canonicalRequest:GET|/v3/scm/certificates/|")
    assert cloud.scm.list_certificates(ScmList()).total_count == 5, "one failure does not lock"


@check
def throttling_carries_the_policy(cloud):
    cloud.switch("weather", {"method": "POST", "path": "/push", "times": 1, "fault": "throttled"})
    identity, _ = cloud.kept["rsa"]
    fails(lambda: push(cloud, identity, "ELB"), ClientRequestException, 429, "APIGW.0308",
          "policy user over ratelimit,limit:10,time:1 minute")
    assert len(cloud.switch("copies")) == 4, "nothing was done"


@check
def a_lost_answer_may_have_been_done(cloud):
    cloud.switch("weather", {"method": "POST", "path": "/push", "times": 1, "fault": "drop_after"})
    identity, _ = cloud.kept["p384"]
    try:
        push(cloud, identity, "WAF")
        raise AssertionError("an answer arrived")
    except ServiceResponseException:
        raise
    except Exception as error:  # the SDK's connection errors have no common ancestor below SdkException
        assert "Connection" in type(error).__name__ or "onnection" in str(error), repr(error)
    assert len(cloud.switch("copies")) == 5, "the work was done"


@check
def a_signed_link_refuses_what_is_not_its_own(cloud):
    cloud.kept["link"] = instances.download(cloud, cloud.dcs_pem).link
    for link in (cloud.kept["link"] + "0", cloud.kept["link"].split("?")[0]):
        try:
            fetched(link)
            raise AssertionError("a bad link opened")
        except urllib.error.HTTPError as error:
            assert error.code == 403


@check
def the_official_client_broke_no_rule(cloud):
    assert cloud.switch("violations") == [], cloud.switch("violations")


@check
def a_link_with_credentials_is_a_violation(cloud):
    try:
        fetched(cloud.kept["link"], {"X-Auth-Token": "something"})
        raise AssertionError("a link with credentials opened")
    except urllib.error.HTTPError as error:
        assert error.code == 400
    assert len(cloud.switch("violations")) == 1


@check
def an_unknown_path_is_not_published(cloud):
    try:
        fetched(cloud.url + "/v3/nothing")
        raise AssertionError("an unknown path answered")
    except urllib.error.HTTPError as error:
        assert (error.code, json.loads(error.read())["error_code"]) == (404, "APIGW.0101")


@check
def five_refusals_lock_the_access_key(cloud):
    wrong = cloud.client(ScmClient, cloud.glob(sk="x" * 40))
    for _ in range(5):
        fails(lambda: wrong.list_certificates(ScmList()), ClientRequestException, 401, "APIGW.0301", "verify aksk")
    fails(lambda: cloud.scm.list_certificates(ScmList()), ClientRequestException, 401, "APIGW.0301",
          "AK access failed to reach the limit,forbidden")


def main():
    logging.disable(logging.CRITICAL)  # the SDK logs lost connections, which are a check here
    suites = [(CHECKS, ()), (targets.CHECKS, targets.OPTIONS), (instances.CHECKS, instances.OPTIONS)]
    failed = sum(run(checks, Cloud(sys.argv[1], *options)) for checks, options in suites)
    return closing(sum(len(checks) for checks, _ in suites) - failed, failed)


def run(checks, cloud):
    """Each check on this cloud, which ends with them; how many failed."""
    failed = 0
    try:
        for function in checks:
            words = function.__name__.replace("_", " ")
            try:
                function(cloud)
                print(f"ok      {words}")
            except Exception as error:
                failed += 1
                print(f"FAILED  {words}: {type(error).__name__}: {error}")
    finally:
        cloud.stop()
    return failed


if __name__ == "__main__":
    sys.exit(main())
