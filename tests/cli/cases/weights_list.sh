# A file of two tensors, 1 and -2 as float32 and three bytes; listed, copied, listed again.
header='{"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]},"a/w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}'
{
    # shellcheck disable=SC2059 # the escape is meant
    printf "\\$(printf '%03o' ${#header})\0\0\0\0\0\0\0%s" "$header"
    printf '\000\000\200\077\000\000\000\300\001\002\003'
} >in.safetensors
spinebench weights --list in.safetensors
spinebench weights in.safetensors out.safetensors
spinebench weights --list out.safetensors --format csv
spinebench weights --list out.safetensors --json | sed -n '/"a\/w"/,/"why"\|}/p'
spinebench weights out.safetensors again.safetensors --json
cmp out.safetensors again.safetensors
