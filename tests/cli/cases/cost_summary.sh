# The two baseline detectors at their own size, then one level table in Markdown and one JSON value.
spinebench cost retinanet-spinenet-49 retinanet-resnet-50-fpn
spinebench cost retinanet-spinenet-49 --by level --convention mac --format markdown
spinebench cost retinanet-spinenet-49 --json | grep -c '"tf_exact_float_ops": 170979343029,'
