using System.Text;
using Buildd.Backends.LiveFs;
using Buildd.Backends.LiveFs.LiveBuild;
using Buildd.Backends.LiveFs.Mmdebstrap;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.LiveFs;

[Parallelizable(ParallelScope.All)]
public sealed class ImageStagesTests
{
    [TestCase("[2026-11-21 04:30:55] lb bootstrap ", "bootstrap", 0.01)]
    [TestCase("[2026-11-21 04:30:55] lb bootstrap_debootstrap", "bootstrap_debootstrap", 0.02)]
    [TestCase("I: Extracting adduser...", "bootstrap_debootstrap", 0.16)]
    [TestCase("[2026-11-21 04:31:22] lb chroot_install-packages install", "chroot_install-packages", 0.54)]
    [TestCase("[2026-11-21 04:31:22] lb chroot_new-stage remove", "chroot_new-stage", null)]
    public void Live_build_announces_its_stages(string line, string stage, double? fraction) =>
        Assert.That(LiveBuildStages.Read(Encoding.UTF8.GetBytes(line)), Is.EqualTo((stage, fraction)));

    [TestCase("")]
    [TestCase("[2026-11-21 04:30:55] lb ")]
    [TestCase("[2026-11-21 04:30:55] xx bootstrap")]
    [TestCase("[2026-11-21 04:30:55] lb \u001b[31m")]
    [TestCase("P: Executing auto/build script.")]
    [TestCase("I: Retrieved")]
    public void Other_lines_of_live_build_are_none(string line) => Assert.That(LiveBuildStages.Read(Encoding.UTF8.GetBytes(line)), Is.Null);

    [TestCase("I: installing essential packages...", "essential")]
    [TestCase("I: creating tarball...", "pack")]
    [TestCase("I: done", null)]
    [TestCase("E: creating tarball", null)]
    public void Mmdebstrap_announces_its_stages(string line, string? stage) =>
        Assert.That(MmdebstrapBuild.ReadStage(Encoding.UTF8.GetBytes(line))?.Stage, Is.EqualTo(stage));

    [TestCase("20240501", 1714521600L)]
    [TestCase("20240501.2", 1714521600L)]
    [TestCase("20240501-093000", 1714555800L)]
    [TestCase("20240501093000", 1714555800L)]
    [TestCase("20240501-093000.1", 1714555800L)]
    [TestCase("202405011", null)]
    [TestCase("20241301", null)]
    [TestCase("19691231", null)]
    [TestCase("yesterday", null)]
    [TestCase("", null)]
    public void A_datestamp_is_a_moment(string text, long? epoch) => Assert.That(DateStamp.ToEpoch(text), Is.EqualTo(epoch));
}
