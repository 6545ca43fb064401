# shellcheck shell=bash
# BER with indefinite lengths.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data
# witness verify
text | raw_signature alice -nodetach -stream | cms_entity signed-data | post
