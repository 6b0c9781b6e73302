"""All bounds of what this process keeps. One photograph's maps take 8 MB at 224 px and up to 57 MB at 512."""

BUNDLED_NETWORKS = 3  # that of whoever started the server is one of them
FETCHED_NETWORKS = 2
UNTRAINED_NETWORKS = 2
REMEMBERED_NETWORKS = 32  # of their layers and classes alone, 30 KB each of 120 layers
PICTURES = "64MB"
MAPS = "128MB"
# Of the 57 networks of the controls numbers alone: 12 MB a photograph and network at 224 px, 56 at 512.
COMPARED_PICTURES = 3
MEASUREMENTS = 256  # 10 KB each of 13 layers, 90 KB of 120
# Of the view "Point at it": feature maps in half precision, for the two photographs of a session together
# 60 MB. Those of the first hold 336x224 pixels without conv1_1, which is faster to compute than to read.
KEPT_BYTES = 31_100_000
SECOND_BYTES = 28_900_000
KEPT_PICTURES = 3
FIELDS = "16MB"
COMPONENTS = "16MB"
TOP_ACTIVATIONS = 20  # five photographs of four networks, 0.3 MB each and more
# Of the view "Classes", at 224 px: the class maps of a photograph and a class take 2 MB.
WHOLE_NETWORKS = 1  # with a classifier that the maps' network comes without; half a gigabyte
WHOLE_TTL = 30 * 60  # seconds, after which it is loaded anew for whoever still uses it
PREDICTIONS = 64  # 4 KB each
CLASS_MAPS = "32MB"
DELETION_TESTS = 128  # of a photograph, a class and a kind of map; 4 KB a layer and a share
