"""Checks of what comes after a push: certificates, listeners, hosts and domains of ELB, WAF and CDN,
bound by the official clients and seen in real handshakes at the edges. They run on a cloud of their own.
"""

import hashlib
import socket
import ssl

from huaweicloudsdkcdn.v2 import (
    Configs, HttpPutBody, ListDomainsRequest, ModifyDomainConfigRequestBody,
    ShowCertificatesHttpsInfoRequest, ShowDomainFullConfigRequest,
    UpdateDomainFullConfigRequest, UpdateDomainMultiCertificatesRequest,
    UpdateDomainMultiCertificatesRequestBody, UpdateDomainMultiCertificatesRequestBodyContent)
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkelb import v3 as elb
from huaweicloudsdkscm.v3 import (
    DeleteCertificateRequest, DeployCertificateRequest, DeployCertificateRequestBody,
    DeployedResource, ListDeployedResourcesRequest, ListDeployedResourcesRequestBody)
from huaweicloudsdkwaf import v1 as waf

from harness import bad, fails, imported, push

CHECKS = []
# A quota that is soon reached, and a region that does not answer.
OPTIONS = ["--elb-quota", "7", "--deployed-error", "cn-east-3"]


def check(function):
    """Registers a check; they run in the order written, on one cloud."""
    CHECKS.append(function)
    return function


def served(cloud, site, name):
    """The SHA-256 of the leaf that a fresh handshake is given for this name."""
    host, port = cloud.switch("edges")[site].rsplit(":", 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname=name) as tls:
            return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()


def fullchain(pair):
    return pair["certificate"] + "\n" + pair["certificate_chain"]


def differing(before, after):
    """The names of the fields that differ between two models."""
    before, after = before.to_dict(), after.to_dict()
    return sorted(key for key in before if before[key] != after[key])


# ELB


def create(cloud, name, pair, **more):
    option = elb.CreateCertificateOption(
        name=name, certificate=fullchain(pair), private_key=pair["private_key"], **more)
    body = elb.CreateCertificateRequestBody(certificate=option)
    return cloud.elb.create_certificate(elb.CreateCertificateRequest(body=body)).certificate


def update(cloud, identity, **fields):
    body = elb.UpdateCertificateRequestBody(certificate=elb.UpdateCertificateOption(**fields))
    request = elb.UpdateCertificateRequest(certificate_id=identity, body=body)
    return cloud.elb.update_certificate(request).certificate


def delete(cloud, identity):
    return cloud.elb.delete_certificate(elb.DeleteCertificateRequest(certificate_id=identity))


def listener(cloud):
    return cloud.elb.show_listener(elb.ShowListenerRequest(listener_id=cloud.kept["front"])).listener


def bind(cloud, **fields):
    body = elb.UpdateListenerRequestBody(listener=elb.UpdateListenerOption(**fields))
    request = elb.UpdateListenerRequest(listener_id=cloud.kept["front"], body=body)
    return cloud.elb.update_listener(request).listener


@check
def elb_certificates_are_made_changed_and_deleted(cloud):
    first, second = (cloud.issue(name="www.example.com") for _ in range(2))
    made = create(cloud, "made", first, domain="www.example.com", type="server")
    assert len(made.id) == 32 and made.domain == "www.example.com" and made.type == "server"
    assert made.private_key != first["private_key"], "keys are not echoed"
    same = update(cloud, made.id, certificate=fullchain(second), private_key=second["private_key"])
    assert same.id == made.id and same.certificate.startswith(second["certificate"])
    bad(lambda: update(cloud, made.id, certificate=fullchain(first)), "ELB.8902")
    listed = cloud.elb.list_certificates(elb.ListCertificatesRequest(domain=["www.example.com"]))
    assert [item.id for item in listed.certificates] == [made.id]
    assert delete(cloud, made.id).status_code == 204
    fails(lambda: delete(cloud, made.id), ClientRequestException, 404, "ELB.8907")


@check
def elb_listeners_are_listed_and_shown_whole(cloud):
    made = cloud.switch("furnish", {
        "kind": "listener", "name": "front", "default": "other.example.net",
        "sni": ["www.example.com", "api.example.org", "*.example.info"]})
    cloud.kept["front"] = made["id"]
    listed = cloud.elb.list_listeners(elb.ListListenersRequest(limit=10, protocol=["HTTPS"])).listeners
    assert [item.id for item in listed] == [made["id"]]
    found = listener(cloud)
    assert found.to_dict() == listed[0].to_dict()
    assert found.protocol_port == 443 and found.http2_enable is True and len(found.sni_container_refs) == 3
    assert found.insert_headers.x_forwarded_host is True and found.loadbalancers[0].id
    assert found.sni_match_algo == "longest_suffix" and found.client_timeout == 45
    users = cloud.elb.list_listeners(elb.ListListenersRequest(
        default_tls_container_ref=[found.default_tls_container_ref])).listeners
    assert [item.name for item in users] == ["front"]


@check
def elb_an_update_of_one_name_changes_one_name_and_is_served(cloud):
    before = listener(cloud)
    pair = cloud.issue(name="www.example.com")
    new = create(cloud, "renewed", pair, domain="www.example.com")
    old, *others = before.sni_container_refs
    after = bind(cloud, sni_container_refs=[new.id, *others])
    # Two updates within a second leave the same moment.
    assert set(differing(before, after)) - {"updated_at"} == {"sni_container_refs"}
    assert listener(cloud).sni_container_refs == [new.id, *others]
    assert served(cloud, cloud.kept["front"], "www.example.com") == pair["sha256"]
    assert served(cloud, cloud.kept["front"], "api.example.org") != pair["sha256"]
    fails(lambda: delete(cloud, new.id), ClientRequestException, 409, "ELB.8907")
    bad(lambda: bind(cloud, sni_container_refs=[old, new.id]), "ELB.8902", "repeats")
    fails(lambda: bind(cloud, default_tls_container_ref="0" * 32), ClientRequestException, 404, "ELB.8907")
    assert delete(cloud, old).status_code == 204
    after = bind(cloud, default_tls_container_ref=new.id)
    assert after.default_tls_container_ref == new.id
    assert served(cloud, cloud.kept["front"], "unknown.example") == pair["sha256"]


@check
def elb_has_a_quota(cloud):
    quota = cloud.elb.show_quota(elb.ShowQuotaRequest()).quota
    assert quota.certificate == 7 and quota.project_id == cloud.project_id
    pair = cloud.issue(name="quota.example.com")
    identity = imported(cloud, "quota", pair).certificate_id
    for _ in range(3):
        push(cloud, identity, "ELB")
    bad(lambda: push(cloud, identity, "ELB"), "SCM.0201", "Quota exceeded")
    fails(lambda: create(cloud, "more", pair), ClientRequestException, 409, "ELB.8905", "Quota exceeded")
    copies = [copy["id"] for copy in cloud.switch("copies")]
    assert delete(cloud, copies[0]).status_code == 204
    push(cloud, identity, "ELB")


# WAF


@check
def waf_certificates_are_made_changed_and_deleted(cloud):
    first, second = (cloud.issue(name="www.example.com") for _ in range(2))
    body = waf.CreateCertificateRequestBody(
        name="made", content=fullchain(first), key=first["private_key"])
    made = cloud.waf.create_certificate(waf.CreateCertificateRequest(body=body))
    assert made.name == "made" and made.bind_host == []
    body = waf.UpdateCertificateRequestBody(
        name="renewed", content=fullchain(second), key=second["private_key"])
    assert cloud.waf.update_certificate(
        waf.UpdateCertificateRequest(certificate_id=made.id, body=body)).name == "renewed"
    shown = cloud.waf.show_certificate(waf.ShowCertificateRequest(certificate_id=made.id))
    assert shown.content.startswith(second["certificate"])
    gone = cloud.waf.delete_certificate(waf.DeleteCertificateRequest(certificate_id=made.id))
    assert gone.id == made.id
    fails(lambda: cloud.waf.show_certificate(waf.ShowCertificateRequest(certificate_id=made.id)),
          ClientRequestException, 404, "WAF.00014002")


@check
def waf_hosts_are_listed_without_and_shown_with_their_certificate(cloud):
    for key, name, premium in (("cloud", "www.example.com", False), ("premium", "api.example.com", True)):
        cloud.kept[key] = cloud.switch("furnish", {"kind": "host", "name": name, "premium": premium})["id"]
    listed = cloud.waf.list_host(waf.ListHostRequest(page=1, pagesize=50))
    assert listed.total == 1 and listed.items[0].id == cloud.kept["cloud"]
    assert listed.items[0].hostname == "www.example.com" and listed.items[0].protect_status == 1
    listed = cloud.waf.list_premium_host(waf.ListPremiumHostRequest(page="1", pagesize="50"))
    assert listed.total == 1 and listed.items[0].id == cloud.kept["premium"]
    shown = cloud.waf.show_host(waf.ShowHostRequest(instance_id=cloud.kept["cloud"]))
    assert shown.certificatename == "furnished-www.example.com" and len(shown.server) == 2
    shown = cloud.waf.show_premium_host(waf.ShowPremiumHostRequest(host_id=cloud.kept["premium"]))
    assert shown.certificatename == "furnished-api.example.com" and shown.mode == "premium"


@check
def waf_a_pushed_copy_is_applied_to_hosts_of_both_modes(cloud):
    pair = cloud.issue(name="www.example.com")
    push(cloud, imported(cloud, "waf", pair).certificate_id, "WAF")
    copy = next(found["id"] for found in cloud.switch("copies") if found["target"] == "waf")
    before = cloud.waf.show_host(waf.ShowHostRequest(instance_id=cloud.kept["cloud"]))
    body = waf.ApplyCertificateToHostRequestBody(
        cloud_host_ids=[cloud.kept["cloud"]], premium_host_ids=[cloud.kept["premium"]])
    answer = cloud.waf.apply_certificate_to_host(
        waf.ApplyCertificateToHostRequest(certificate_id=copy, body=body))
    assert answer.id == copy and {host.waf_type for host in answer.bind_host} == {"cloud", "premium"}
    after = cloud.waf.show_host(waf.ShowHostRequest(instance_id=cloud.kept["cloud"]))
    assert differing(before, after) == ["certificateid", "certificatename"]
    for host in ("cloud", "premium"):
        assert served(cloud, cloud.kept[host], "www.example.com") == pair["sha256"]
    bad(lambda: cloud.waf.delete_certificate(waf.DeleteCertificateRequest(certificate_id=copy)),
        "WAF.00014005")
    cloud.kept["copy"] = copy


@check
def waf_hosts_are_changed_in_part(cloud):
    for certificate in [found for found in cloud.switch("certificates") if found["target"] == "waf"][:2]:
        fields = {"certificateid": certificate["id"], "certificatename": certificate["name"]}
        changed = cloud.waf.update_host(waf.UpdateHostRequest(
            instance_id=cloud.kept["cloud"], body=waf.UpdateHostRequestBody(**fields)))
        assert changed.certificateid == certificate["id"] and changed.tls == "TLS v1.2"
        changed = cloud.waf.update_premium_host(waf.UpdatePremiumHostRequest(
            host_id=cloud.kept["premium"], body=waf.UpdatePremiumHostRequestBody(**fields)))
        assert changed.certificateid == certificate["id"] and changed.protect_status == 1
        assert served(cloud, cloud.kept["premium"], "www.example.com") == certificate["sha256"]


# CDN

DOMAIN = "cdn.example.com"


def configs(cloud):
    return cloud.cdn.show_domain_full_config(ShowDomainFullConfigRequest(domain_name=DOMAIN)).configs


def configure(cloud, **fields):
    body = ModifyDomainConfigRequestBody(configs=Configs(https=HttpPutBody(**fields)))
    return cloud.cdn.update_domain_full_config(UpdateDomainFullConfigRequest(domain_name=DOMAIN, body=body))


@check
def cdn_takes_an_import_and_keeps_everything_else(cloud):
    cloud.switch("furnish", {"kind": "domain", "name": DOMAIN})
    domains = cloud.cdn.list_domains(ListDomainsRequest(page_size=10, page_number=1))
    assert domains.total == 1 and domains.domains[0].domain_name == DOMAIN
    before = configs(cloud)
    assert before.https.certificate_source == 0 and before.hsts.status == "on"
    pair = cloud.issue(name=DOMAIN)
    identity = imported(cloud, "cdn", pair).certificate_id
    configure(cloud, https_status="on", certificate_type="server", certificate_source=2,
              certificate_name="cdn", scm_certificate_id=identity)
    after = configs(cloud)
    assert differing(before, after) == ["https"]
    kept = ("http2_status", "tls_version", "ocsp_stapling_status", "https_status")
    assert all(getattr(before.https, key) == getattr(after.https, key) == value for key, value in zip(
        kept, ("on", "TLSv1.2,TLSv1.3", "on", "on")))
    assert (after.https.certificate_source, after.https.scm_certificate_id) == (2, identity)
    info = cloud.cdn.show_certificates_https_info(ShowCertificatesHttpsInfoRequest(domain_name=DOMAIN))
    assert info.https[0].certificate.startswith(pair["certificate"]) and info.https[0].http2 == 1
    assert served(cloud, DOMAIN, DOMAIN) == pair["sha256"]
    cloud.kept["cdn"] = identity


@check
def cdn_refuses_what_is_no_import(cloud):
    bad(lambda: configure(cloud, https_status="on", certificate_source=2, certificate_name="cdn",
                          scm_certificate_id="scs0000000000000"), "CDN.0107")


@check
def cdn_the_older_call_resets_its_neighbours(cloud):
    content = UpdateDomainMultiCertificatesRequestBodyContent(
        domain_name=DOMAIN, https_switch=1, certificate_type=2, cert_name="cdn",
        scm_certificate_id=cloud.kept["cdn"])
    answer = cloud.cdn.update_domain_multi_certificates(UpdateDomainMultiCertificatesRequest(
        body=UpdateDomainMultiCertificatesRequestBody(https=content)))
    assert [item.status for item in answer.result] == ["success"]
    after = configs(cloud)
    assert (after.https.http2_status, after.force_redirect.status) == ("off", "off")


# SCM


def deployed(cloud, identity):
    body = ListDeployedResourcesRequestBody(certificate_ids=[identity], service_names=["ALL"])
    return cloud.scm.list_deployed_resources(ListDeployedResourcesRequest(body=body)).results[0]


@check
def scm_tells_where_a_certificate_is_deployed(cloud):
    found = deployed(cloud, cloud.kept["cdn"])
    assert found.certificate_id == cloud.kept["cdn"] and found.total_num == 1
    by_service = {detail.service: detail.region_resources for detail in found.deployed_resources}
    assert by_service["CDN"][0].region_id == "global"
    assert by_service["CDN"][0].resources[0].resource_name == DOMAIN
    assert [(region.region_id, region.is_error) for region in by_service["ELB"]] == [
        (cloud.region, False), ("cn-east-3", True)]


@check
def scm_deploys_for_a_fee(cloud):
    assert cloud.switch("fees") == 0
    pair = cloud.issue(name="front.example.com")
    identity = imported(cloud, "deployed", pair).certificate_id
    target = listener(cloud).default_tls_container_ref
    body = DeployCertificateRequestBody(
        project_name=cloud.region, service_name="ELB",
        resources=[DeployedResource(id=target), DeployedResource(id="0" * 32)])
    answer = cloud.scm.deploy_certificate(DeployCertificateRequest(certificate_id=identity, body=body))
    assert [item.resource for item in answer.failure_list] == ["0" * 32]
    assert cloud.switch("fees") == 30
    assert served(cloud, cloud.kept["front"], "unknown.example") == pair["sha256"]


@check
def scm_deletes_an_import_and_the_domain_keeps_its_copy(cloud):
    before = served(cloud, DOMAIN, DOMAIN)
    answer = cloud.scm.delete_certificate(DeleteCertificateRequest(certificate_id=cloud.kept["cdn"]))
    assert answer.status_code == 204
    assert served(cloud, DOMAIN, DOMAIN) == before


@check
def an_edge_that_is_garbled_recovers_with_another_certificate(cloud):
    old = cloud.switch("listener/" + cloud.kept["front"])["default_tls_container_ref"]
    leaf = served(cloud, cloud.kept["front"], "unknown.example")
    other = next(found for found in cloud.switch("certificates") if found["target"] == "elb"
                 and found["id"] not in listener(cloud).sni_container_refs and found["id"] != old)
    cloud.switch("garble", {"site": cloud.kept["front"], "leaf": other["sha256"]})
    assert served(cloud, cloud.kept["front"], "unknown.example") == leaf
    bind(cloud, default_tls_container_ref=other["id"])
    assert served(cloud, cloud.kept["front"], "unknown.example") not in (leaf, other["sha256"])
    bind(cloud, default_tls_container_ref=old)
    assert served(cloud, cloud.kept["front"], "unknown.example") == leaf


@check
def the_official_clients_broke_no_rule_of_the_targets(cloud):
    assert cloud.switch("violations") == [], cloud.switch("violations")
