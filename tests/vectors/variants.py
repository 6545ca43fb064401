"""A finished signed message once more in another form: its clear signature made opaque, or all that is signed encrypted to the list.
The signature stays the same, so what is wrong with it must come out in each form."""
import base64
import re
import subprocess

from regroup import SignedData

FORMS = ("opaque", "encrypted")


def exists(form, layers):
    """Whether a message of these layers can have that form besides."""
    return layers[:1] == ["multipart/signed"] or form == "encrypted" and layers[:1] == ["signed-data"]


def expected(form, facts):
    """What is expected of the form, from what is expected of the message."""
    layers = facts["layers"].split()
    if form == "opaque":
        return dict(facts, layers=" ".join(["signed-data", *layers[1:]]))
    inside = {} if "enveloped-data" in facts["layers"] else {"inside_encryption": "true"}
    return dict(facts, layers=" ".join(["enveloped-data", *layers]), encrypted="true", **inside)


def entity_of(message):
    """Its fields that are not about the content, and the MIME entity that it is; lines end as they were signed, in CRLF."""
    head, empty, body = re.sub(rb"(?<!\r)\n", b"\r\n", message).partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    about_content = [field for field in fields if field.lower().startswith(b"content-")]
    return [field for field in fields if field not in about_content], b"\r\n".join(about_content) + empty + body


def clear_parts(entity):
    """What a multipart/signed signs, and the signature: the octets."""
    mark = re.search(rb'boundary="?([0-9a-f]+)', entity).group(1)
    _, content, signature, *_ = re.split(rb"\r\n--" + mark + rb"(?:--)?(?:\r\n)?", entity)
    return content, base64.b64decode(signature.partition(b"\r\n\r\n")[2])


def signed_octets(entity):
    """What a signed entity signs, or None where the signature holds it itself, and the CMS object."""
    if re.search(rb"(?i)^content-type: multipart/signed", entity.partition(b"\r\n\r\n")[0], re.M):
        return clear_parts(entity)
    return None, base64.b64decode(entity.partition(b"\r\n\r\n")[2])


def cms_entity(kind, der):
    return (b'Content-Type: application/pkcs7-mime; smime-type=%s; name="smime.p7m"\r\nContent-Transfer-Encoding: base64\r\n\r\n' % kind +
            base64.encodebytes(der).replace(b"\n", b"\r\n"))


def encryption(entity, certificates):
    return subprocess.run(["openssl", "cms", "-encrypt", "-binary", "-aes-256-cbc", "-outform", "DER", *certificates], input=entity,
                          stdout=subprocess.PIPE, check=True).stdout


def derive(form, message, certificates):
    """The message in that form, with the line ends that it had."""
    fields, entity = entity_of(message)
    if form == "opaque":
        content, signature = clear_parts(entity)
        data = SignedData(signature)
        data.embed(content)
        entity = cms_entity(b"signed-data", data.octets())
    else:
        entity = cms_entity(b"enveloped-data", encryption(entity, certificates))
    made = b"\r\n".join([*fields, entity])
    return made if message.partition(b"\n")[0].endswith(b"\r") else made.replace(b"\r\n", b"\n")
