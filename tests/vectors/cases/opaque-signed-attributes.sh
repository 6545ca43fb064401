# shellcheck shell=bash
# Her signed attributes as an opaque text: they are what was signed (RFC 5652 §5.4), and no text of hers.
# expect status weak
# expect auth_method smtp
# expect reasons no_signed_attributes
# expect layers signed-data
# witness verify
text | raw_signature alice | regroup attributes-as-content | cms_entity signed-data | post
