# shellcheck shell=bash
# The required policy is asserted.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# policies 1.3.6.1.4.1.99999.2,1.3.6.1.4.1.99999.1
# witness verify
text | clear_signed alice-policy | post
