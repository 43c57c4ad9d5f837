using Buildd.Backends.Root;
using NUnit.Framework;

namespace Buildd.UnitTests.Backends.Root;

/// <summary>What privileged operations make of folders and files that are not what they should be.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(60_000)]
public sealed class RootExecutorTests : RootExecutorFixture
{
    private string Definition => Path.Combine(_folder["schroot"], SchrootDefinition.NameOf("1", Chroot));

    private static IEnumerable<RootOperation> OfAChroot =>
    [
        new RootOperation.Mount("1"),
        new RootOperation.Write("1", "/file", 0),
        new RootOperation.Inside("1", 0, ["/bin/true"]),
        new RootOperation.Define("1"),
        new RootOperation.Booted("1"),
        new RootOperation.Boot("1", true),
    ];

    private static IEnumerable<RootOperation> All =>
        [.. OfAChroot, new RootOperation.Unpack("1", Tarball), new RootOperation.Overlay("1", Tarball), new RootOperation.Undefine("1"),
            new RootOperation.Kill("1"), new RootOperation.Unmount("1"), new RootOperation.Remove("1")];

    [TestCaseSource(nameof(All))]
    public void A_build_that_is_not_there_is_refused(object operation) => Refuses((RootOperation)operation, "is not there");

    [TestCaseSource(nameof(All))]
    public void A_link_in_place_of_the_build_s_folder_is_refused(object operation)
    {
        Directory.CreateDirectory(_folder["outside/chroot-autobuild"]);
        Directory.CreateSymbolicLink(Build, _folder["outside"]);

        Refuses((RootOperation)operation, "symbolic link");
        Assert.That(Directory.GetFileSystemEntries(_folder["outside"], "*", SearchOption.AllDirectories), Has.Length.EqualTo(2));
    }

    [TestCaseSource(nameof(All))]
    public async Task A_folder_of_somebody_without_builds_is_refused(object operation)
    {
        Directory.CreateDirectory(Chroot);
        await ChownAsync(Other + 1, Build);

        Refuses((RootOperation)operation, $"belongs to user {Other + 1}, who has no builds here");
    }

    [TestCaseSource(nameof(All))]
    public void A_file_in_place_of_the_build_s_folder_is_refused(object operation)
    {
        File.WriteAllText(Build, "");

        Refuses((RootOperation)operation, "is no folder");
    }

    [TestCaseSource(nameof(All))]
    public void A_link_on_the_way_to_the_work_folder_is_refused_where_others_could_have_put_it(object operation)
    {
        Directory.CreateDirectory(Chroot);
        Directory.CreateSymbolicLink(_folder["way"], _folder["work"]);

        Refuses((RootOperation)operation, "symbolic link", Place with { WorkDirectory = _folder["way"] });
    }

    [TestCaseSource(nameof(OfAChroot))]
    public void A_chroot_that_is_not_there_is_refused(object operation)
    {
        Directory.CreateDirectory(Build);

        Refuses((RootOperation)operation, "is not there");
        Assert.That(Directory.GetFiles(_folder["schroot"]), Is.Empty);
    }

    [TestCaseSource(nameof(OfAChroot))]
    public void A_link_in_place_of_the_chroot_is_refused(object operation)
    {
        Directory.CreateDirectory(Build);
        Directory.CreateSymbolicLink(Chroot, "/");

        Refuses((RootOperation)operation, "symbolic link");
    }

    [TestCaseSource(nameof(OfAChroot))]
    public async Task A_chroot_that_the_slave_s_user_made_is_refused(object operation)
    {
        Directory.CreateDirectory(Chroot);
        await ChownAsync(Other, Chroot);

        Refuses((RootOperation)operation, "it is no chroot that was unpacked here");
    }

    [Test]
    public async Task Operations_keep_their_order()
    {
        foreach (var name in (string[])["proc", "dev/pts", "dev/shm", "sys"])
            Directory.CreateDirectory(Path.Combine(Chroot, name));

        Assert.That(await RunAsync(new RootOperation.Mount("1")), Is.Zero);
        try
        {
            Assert.That(File.Exists(Path.Combine(Chroot, "proc/self/stat")));
            Refuses(new RootOperation.Mount("1"), "something mounted already");
            Refuses(new RootOperation.Remove("1"), "still mounted");
            Assert.That(Path.Combine(Chroot, "dev"), Does.Exist);
        }
        finally
        {
            Assert.That(await RunAsync(new RootOperation.Unmount("1")), Is.Zero);
        }

        Assert.That(File.ReadAllText("/proc/self/mountinfo"), Does.Not.Contain(_folder.Path));
        Assert.That(await RunAsync(new RootOperation.Unmount("1")), Is.Zero, "nothing to do is no failure");
        Assert.That(await RunAsync(new RootOperation.Remove("1")), Is.Zero);
        Assert.That(await RunAsync(new RootOperation.Remove("1")), Is.Zero);
        Assert.That(Directory.GetFileSystemEntries(Build), Is.Empty);
    }

    [Test]
    public async Task Removing_removes_what_a_container_s_root_has_left_in_the_door()
    {
        Directory.CreateDirectory(Path.Combine(Build, ".door", "of root's", "alone"), (UnixFileMode)0b111_000_000);
        Directory.CreateSymbolicLink(Path.Combine(Build, ".door", "link"), _folder["outside"]);

        Assert.That(await RunAsync(new RootOperation.Remove("1")), Is.Zero);

        Assert.That(_folder["outside/kept"], Does.Exist);
        Assert.That(Directory.GetFileSystemEntries(Build), Is.Empty);
    }

    [Test]
    public async Task Removing_removes_a_link_and_not_what_it_leads_to()
    {
        Directory.CreateDirectory(Build);
        Directory.CreateSymbolicLink(Chroot, _folder["outside"]);

        Assert.That(await RunAsync(new RootOperation.Remove("1")), Is.Zero);

        Assert.That(_folder["outside/kept"], Does.Exist);
        Assert.That(Directory.GetFileSystemEntries(Build), Is.Empty);
    }

    [Test]
    public async Task Schroot_is_told_and_made_to_forget()
    {
        Directory.CreateDirectory(Chroot);

        Assert.That(await RunAsync(new RootOperation.Define("1")), Is.Zero);
        Assert.That(File.ReadAllText(Definition), Does.Contain($"\ndirectory={Chroot}\n"));
        Assert.That(await RunAsync(new RootOperation.Undefine("1")), Is.Zero);
        Assert.That(Directory.GetFiles(_folder["schroot"]), Is.Empty);
    }

    [Test]
    public async Task A_definition_of_another_build_stays()
    {
        Directory.CreateDirectory(Chroot);
        File.WriteAllText(Definition, "[build-1]\ndirectory=/elsewhere\n");

        Refuses(new RootOperation.Define("1"), "belongs to another build");
        Assert.That(await RunAsync(new RootOperation.Undefine("1")), Is.Zero);
        Assert.That(Definition, Does.Exist);
    }

    [Test]
    public void Root_s_own_folders_may_be_reached_through_links_that_root_put_there()
    {
        Directory.CreateDirectory(Chroot);
        Directory.CreateSymbolicLink(_folder["way"], _folder["work"]);

        var run = RunAsync(new RootOperation.Define("1"), Place with { WorkDirectory = _folder["way"], FollowsLinks = true });

        Assert.That(async () => await run, Is.Zero);
        Assert.That(File.ReadAllText(Definition), Does.Contain($"\ndirectory={Chroot}\n"), "the path without the link");
    }
}
