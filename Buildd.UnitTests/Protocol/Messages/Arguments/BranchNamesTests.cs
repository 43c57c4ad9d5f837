using Buildd.Protocol.Messages.Arguments;
using NUnit.Framework;

namespace Buildd.UnitTests.Protocol.Messages.Arguments;

[Parallelizable(ParallelScope.All)]
public sealed class BranchNamesTests
{
    [TestCase("main", ExpectedResult = true)]
    [TestCase("feature/one", ExpectedResult = true)]
    [TestCase("v1.0-rc1", ExpectedResult = true)]
    [TestCase("", ExpectedResult = false)]
    [TestCase("-o", ExpectedResult = false)]
    [TestCase("/main", ExpectedResult = false)]
    [TestCase("a..b", ExpectedResult = false)]
    [TestCase("main@{1}", ExpectedResult = false)]
    [TestCase("main~1", ExpectedResult = false)]
    [TestCase("two words", ExpectedResult = false)]
    [TestCase("a\nb", ExpectedResult = false)]
    public bool A_ref(string name) => BranchNames.IsRef(name);

    [TestCase("", ExpectedResult = true)]
    [TestCase("images/small/", ExpectedResult = true)]
    [TestCase("/etc", ExpectedResult = false)]
    [TestCase("../etc", ExpectedResult = false)]
    [TestCase("a//b", ExpectedResult = false)]
    [TestCase("a/.git/b", ExpectedResult = false)]
    [TestCase("-a", ExpectedResult = false)]
    [TestCase("a\0b", ExpectedResult = false)]
    public bool A_folder(string path) => BranchNames.IsFolder(path);

    [TestCase("LB_MIRROR_1", ExpectedResult = true)]
    [TestCase("", ExpectedResult = false)]
    [TestCase("1A", ExpectedResult = false)]
    [TestCase("A-B", ExpectedResult = false)]
    [TestCase("Ä", ExpectedResult = false)]
    public bool A_variable(string name) => BranchNames.IsVariable(name);

    [TestCase(BranchNames.MaxCharacters, ExpectedResult = true)]
    [TestCase(BranchNames.MaxCharacters + 1, ExpectedResult = false)]
    public bool A_name_of_so_many_characters(int length) => BranchNames.IsRef(new string('a', length));
}
