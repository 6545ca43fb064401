# shellcheck shell=bash
# One word changed inside an opaque signature.
# expect status invalid
# expect auth_method smtp
# expect reasons digest_mismatch
# expect layers signed-data
# witness no-verify
text | raw_signature alice -nodetach | replace Monday Tuesda | cms_entity signed-data | post
