# shellcheck shell=bash
# A clear signature over an empty part.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
printf '' | clear_signed alice | post
