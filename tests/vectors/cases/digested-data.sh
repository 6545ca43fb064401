# shellcheck shell=bash
# A CMS type that S/MIME does not know.
# expect status unsupported
# expect auth_method smtp
# expect reasons unsupported_algorithm
# expect layers
# witness no-verify
text | openssl cms -digest_create -binary -outform DER | cms_entity signed-data | post
