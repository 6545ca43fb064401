# shellcheck shell=bash
# A signature over no octet at all.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data
# witness verify
printf '' | raw_signature alice-ec -nodetach | cms_entity signed-data | post
