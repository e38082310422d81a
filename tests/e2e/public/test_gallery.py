"""Public fleets through CloudFormation: made, held, changed, released, rolled back, taken over, deleted."""

from __future__ import annotations

import base64
import json

from cloud import Cloud, until
from shelf import Shelf
from stacks import Lab

LOGO = base64.b64encode(b"\x89PNG one").decode()
OTHER = base64.b64encode(b"\x89PNG other").decode()


def test_repositories_come_with_all_that_was_declared_and_their_addresses(lab: Lab, shelf: Shelf, cloud: Cloud) -> None:
    web = shelf.name("web")
    catalog = {web: {"Description": "The shop", "AboutText": "# About", "OperatingSystems": ["Linux"],
                     "LogoImage": LOGO}}
    stack = lab.stack()
    stack.create({"Fleet": shelf.fleet("web", "api", Catalog=catalog, PushPrincipals=["111122223333"],
                                       Tags={"team": "web"})},
                 outputs={"Urls": ["Fleet", "RepositoryUrls"], "Pages": ["Fleet", "GalleryUrls"],
                          "One": ["Fleet", f"Url.{web}"], "Arn": ["Fleet", f"Arn.{web}"],
                          "Where": ["Fleet", "OutputsUri"]})
    made = shelf.all()
    assert set(made) == {"web", "api"}
    assert made["web"]["tags"] == {"team": "web", "ManagedBy": "ecr-steward", "ecr-steward:owner": stack.owner(),
                                   "ecr-steward:stack": stack.name}
    assert (made["web"]["catalog"]["description"], made["web"]["catalog"]["aboutText"]) == ("The shop", "# About")
    assert made["web"]["catalog"]["logoUrl"]
    assert made["api"]["catalog"] == {}
    assert [one["Sid"] for one in made["api"]["policy"]["Statement"]] == ["EcrStewardPush"]
    outputs = stack.outputs()
    assert json.loads(outputs["Urls"]) == {shelf.name(short): one["uri"] for short, one in made.items()}
    assert (outputs["One"], outputs["Arn"]) == (made["web"]["uri"], made["web"]["arn"])
    alias = made["web"]["uri"].split("/")[1]
    assert json.loads(outputs["Pages"])[web] == f"https://gallery.ecr.aws/{alias}/{web}"
    assert cloud.object(outputs["Where"].split("/", 3)[3])["Repositories"][web]["Url"] == made["web"]["uri"]
    assert lab.everything() == ({}, {})
    stack.delete()
    assert shelf.all() == {}


def test_what_is_as_declared_is_not_written_again(lab: Lab, shelf: Shelf) -> None:
    declared = {"Catalog": {shelf.name("web"): {"Description": "The shop", "LogoImage": LOGO}},
                "PushPrincipals": ["111122223333"]}
    stack = lab.stack()
    stack.create({"Fleet": shelf.fleet("web", **declared)})
    before = shelf.all()
    with shelf.counting() as writes:
        stack.update({"Fleet": shelf.fleet("web", ServiceTimeout=121, **declared)})
    assert (writes, shelf.all()) == ({}, before)
    declared["Catalog"][shelf.name("web")]["LogoImage"] = OTHER
    with shelf.counting() as writes:
        stack.update({"Fleet": shelf.fleet("web", **declared)})
    assert writes == {"PutRepositoryCatalogData": 1}
    assert shelf.all()["web"]["catalog"]["logoUrl"] != before["web"]["catalog"]["logoUrl"]


def test_a_name_that_leaves_goes_after_the_update_and_one_with_images_stays(lab: Lab, shelf: Shelf) -> None:
    stack = lab.stack()
    stack.create({"Fleet": shelf.fleet("web", "empty", "full")})
    shelf.push("full")
    stack.update({"Fleet": shelf.fleet("web")})
    assert "ecr-steward:released" in shelf.all()["full"]["tags"]
    until(lambda: set(shelf.all()) == {"web", "full"}, "the empty one is deleted", 60)
    stack.update({"Fleet": shelf.fleet("web", "full")})
    full = shelf.all()["full"]
    assert (full["images"], "ecr-steward:released" in full["tags"]) == (1, False)


def test_an_update_that_fails_elsewhere_leaves_all_as_it_was(lab: Lab, shelf: Shelf) -> None:
    stack = lab.stack()
    usual = {"Catalog": {shelf.name("web"): {"Description": "before", "LogoImage": LOGO}}}
    stack.create({"Fleet": shelf.fleet("web", "old", **usual)})
    before = shelf.all()
    changed = {"Catalog": {shelf.name("web"): {"Description": "after", "UsageText": "new", "LogoImage": OTHER}}}
    stack.update({"Fleet": shelf.fleet("web", "new", **changed), "Sibling": lab.refused()},
                 expect="UPDATE_ROLLBACK_COMPLETE")
    until(lambda: shelf.all() == before, "the gallery as it was", 60)


def test_an_adoption_that_is_rolled_back_restores_everything(lab: Lab, shelf: Shelf) -> None:
    name = shelf.name("theirs")
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "Theirs", "Effect": "Allow", "Action": "ecr-public:PutImage",
                                                      "Principal": {"AWS": "arn:aws:iam::444455556666:root"}}]}
    shelf.api.create_repository(repositoryName=name, tags=[{"Key": "team", "Value": "theirs"}],
                                catalogData={"description": "by hand", "architectures": ["ARM"]})
    shelf.api.set_repository_policy(repositoryName=name, policyText=json.dumps(policy))
    shelf.push("theirs")
    before = shelf.all()
    changed = {"AdoptExisting": True, "PushPrincipals": ["111122223333"], "Tags": {"team": "ours", "more": "1"},
               "Catalog": {name: {"Description": "ours", "AboutText": "ours"}}}
    stack = lab.stack()
    stack.create({"Fleet": shelf.fleet("theirs", **changed), "Sibling": lab.refused()}, expect="ROLLBACK_COMPLETE")
    assert shelf.all() == before


def test_an_adopted_repository_outlives_its_stack(lab: Lab, shelf: Shelf) -> None:
    shelf.api.create_repository(repositoryName=shelf.name("theirs"), tags=[{"Key": "team", "Value": "theirs"}])
    before = shelf.all()
    stack = lab.stack()
    with shelf.counting() as writes:
        stack.create({"Fleet": shelf.fleet("theirs", AdoptExisting=True)})
    assert writes == {"TagResource": 1}
    stack.delete()
    assert shelf.all() == before


def test_a_deletion_names_what_holds_images_and_takes_it_with_consent(lab: Lab, shelf: Shelf) -> None:
    stack = lab.stack()
    stack.create({"Fleet": shelf.fleet("web", "api")})
    shelf.push("web")
    stack.delete(expect="DELETE_FAILED")
    assert f"{shelf.name('web')} still holds images" in stack.reason_of_failure()
    assert set(shelf.all()) == {"web"}
    second = lab.stack("-consenting")
    second.create({"Fleet": shelf.fleet("own", EmptyOnDelete=True)})
    shelf.push("own")
    second.delete()
    assert set(shelf.all()) == {"web"}
    shelf.clear()


def test_a_repository_of_another_stack_is_refused_by_name_and_left_alone(lab: Lab, shelf: Shelf) -> None:
    first, second = lab.stack("-first"), lab.stack("-second")
    first.create({"Fleet": shelf.fleet("web")})
    before = shelf.all()
    second.create({"Fleet": shelf.fleet("web", "more", AdoptExisting=True)}, expect="ROLLBACK_COMPLETE")
    assert first.name in second.reason_of_failure()
    assert shelf.all() == before


def test_bad_properties_are_told_together_and_before_any_write(lab: Lab, shelf: Shelf) -> None:
    stack = lab.stack()
    wrong = {"Catalog": {"nobody": {"Descripton": "x"}}, "ScanOnPush": True, "PolicyMode": "merge"}
    with shelf.counting() as writes:
        stack.create({"Fleet": shelf.fleet("a__b", **wrong)}, expect="ROLLBACK_COMPLETE")
    reason = stack.reason_of_failure()
    for words in ("5 problems", "RepositoryNames[0]", "Catalog.nobody", "Description?", "ScanOnPush", "Merge?"):
        assert words in reason
    assert (writes, shelf.all()) == ({}, {})
