# shellcheck shell=bash
# The micalg parameter lies; only CMS counts.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
# opaque none
text | clear_signed alice | sed 's/micalg=sha-256/micalg=md5/' | post
