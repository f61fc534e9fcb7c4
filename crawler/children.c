/* SPDX-License-Identifier: EUPL-1.2 */
#include "crawler/children.h"

#include "crawler/boxchild.h"
#include "crawler/decodechild.h"
#include "crawler/fetchchild.h"
#include "crawler/importchild.h"
#include "crawler/parsepool.h"

#include <string.h>
#include <unistd.h>

int children_main(int argc, char **argv)
{
	if (argc < 3 || strcmp(argv[1], "--child"))
		return -1;
	if (!strcmp(argv[2], "fetch"))
		_exit(fetch_child_main(argc - 2, argv + 2));
	if (!strcmp(argv[2], "parse"))
		_exit(parse_child_main(argc - 2, argv + 2));
	if (!strcmp(argv[2], "import"))
		_exit(import_child_main(argc - 2, argv + 2));
	if (!strcmp(argv[2], "box"))
		_exit(box_child_main(argc - 2, argv + 2));
	if (!strcmp(argv[2], "decode"))
		_exit(decode_child_main(argc - 2, argv + 2));
	_exit(2);
}
