# shellcheck shell=bash
# A signed piece of the signer's own message: nobody has signed the others.
# expect status valid
# expect auth_method smtp
# expect reasons not_whole_message
# expect layers signed-data
# witness verify
{ printf 'Content-Type: Message/Partial; id="x@example.org"; number=1; total=2\r\n\r\n'; header alice@example.org; text; } |
    opaque_signed alice | post
