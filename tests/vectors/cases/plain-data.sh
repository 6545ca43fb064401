# shellcheck shell=bash
# A ContentInfo of id-data: neither signed nor encrypted, whatever its label says.
# expect status unsupported
# expect auth_method smtp
# expect reasons unsupported_algorithm
# expect layers
# witness no-verify
text | openssl cms -data_create -binary -outform DER | cms_entity signed-data | post
