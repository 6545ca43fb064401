# shellcheck shell=bash
# application/octet-stream named .P7M.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data
# witness verify gpgsm
text | raw_signature alice -nodetach | cms_entity signed-data application/octet-stream SMIME.P7M | post
