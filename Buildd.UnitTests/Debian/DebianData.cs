using System.Text;
using Buildd.Debian.ControlFiles;
using NUnit.Framework;

namespace Buildd.UnitTests.Debian;

/// <summary>Files of real builds and of Debian's archive, and small ones that a test writes itself.</summary>
internal static class DebianData
{
    public static string PathOf(string name) =>
        Path.Combine(TestContext.CurrentContext.TestDirectory, "Data", "Debian", name);

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static IReadOnlyList<Paragraph> Parse(string text) => ControlReader.Read("test", Bytes(text));

    public static ControlFileException MistakeIn(Action read) => Assert.Throws<ControlFileException>(() => read())!;
}
