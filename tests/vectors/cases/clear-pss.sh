# shellcheck shell=bash
# Clear-signed with RSA-PSS.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify openssl
text | clear_signed alice -keyopt rsa_padding_mode:pss | post
