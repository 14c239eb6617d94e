#include "launcher/container/container.h"

void container_free(struct container *container)
{
    words_free(&container->command);
    words_free(&container->environment);
    words_free(&container->kill);
}
