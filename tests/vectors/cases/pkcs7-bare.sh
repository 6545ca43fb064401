# shellcheck shell=bash
# application/pkcs7-mime without any parameter.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data
# witness verify
text | opaque_signed alice | sed 's,^Content-Type: .*,Content-Type: application/pkcs7-mime\r,; /^Content-Disposition/d' | post
