# shellcheck shell=bash
# signingCertificateV2 (RFC 5035) names the certificate.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice -cades | post
