# shellcheck shell=bash
# application/x-pkcs7-mime.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data
# witness verify
text | raw_signature alice -nodetach | cms_entity signed-data application/x-pkcs7-mime | post
