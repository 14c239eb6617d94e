"""The conda recipe, read and built by rattler-build, for check.sh.

usage: check.py RECIPE DIRECTORY

The recipe is rendered as it is. It is built without its requirements, with this machine's
compiler, because conda's own comes from a channel. Prints the package's path.
"""

import sys

from rattler_build import EnvironmentIsolation, Stage0Recipe, VariantConfig

path, directory = sys.argv[1:]
recipe = Stage0Recipe.from_file(path)
variants = VariantConfig({"c_compiler": ["gcc"], "c_stdlib": ["sysroot"]})
assert len(recipe.render(variants)) == 1

bare = recipe.to_dict()
for without in "requirements", "tests":
    bare.pop(without)
(rendered,) = Stage0Recipe.from_dict(bare).render()
result = rendered.run_build(
    output_dir=directory, channels=[], env_isolation=EnvironmentIsolation.NONE
)
print(result.packages[0])
