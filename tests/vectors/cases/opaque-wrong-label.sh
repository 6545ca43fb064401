# shellcheck shell=bash
# smime-type says enveloped-data: only the CMS content type counts.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data
# expect encrypted false
# witness verify
text | raw_signature alice -nodetach | cms_entity enveloped-data | post
