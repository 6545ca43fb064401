# shellcheck shell=bash
# Only Content-Disposition names smime.p7m (as KMail once wrote it).
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data
# witness verify gpgsm
text | opaque_signed alice | sed 's,^Content-Type: .*,Content-Type: application/octet-stream\r,' | post
