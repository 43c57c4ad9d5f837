using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using NUnit.Framework;

namespace Buildd.UnitTests.Architecture;

/// <summary>
/// The public surface of an assembly as text, compared with a committed file so that a change to it shows in the same
/// commit.
/// </summary>
public static class PublicApi
{
    private const string AcceptVariable = "BUILDD_ACCEPT_PUBLIC_API";

    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance
        | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>
    /// Compares with Data/PublicApi/NAME.txt; with the environment variable set, writes that file instead.
    /// </summary>
    public static void AssertUnchanged(Assembly assembly)
    {
        var name = $"{assembly.GetName().Name}.txt";
        var actual = Dump(assembly);
        if (Environment.GetEnvironmentVariable(AcceptVariable) == "1")
        {
            File.WriteAllText(Path.Combine(SourceFolder(), name), actual);
            Assert.Pass($"{name} has been written.");
        }

        var file = Path.Combine(AppContext.BaseDirectory, "Data", "PublicApi", name);
        var expected = File.Exists(file) ? File.ReadAllText(file) : "";
        if (actual != expected)
            Assert.Fail(Explain(expected.Split('\n'), actual.Split('\n'), name));
    }

    /// <summary>One line per type and member, in an order that doesn't depend on the source.</summary>
    public static string Dump(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(DescribeType(type)).Append('\n');
            var members = type.GetMembers(Declared).Select(Describe).OfType<string>();
            foreach (var line in members.Order(StringComparer.Ordinal))
                text.Append("    ").Append(line).Append('\n');
            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Explain(string[] expected, string[] actual, string name)
    {
        var message = new StringBuilder($"The public API is not what Data/PublicApi/{name} says:\n");
        foreach (var line in expected.Except(actual))
            message.Append("- ").Append(line).Append('\n');
        foreach (var line in actual.Except(expected))
            message.Append("+ ").Append(line).Append('\n');
        return message
            .Append(CultureInfo.InvariantCulture, $"If that is meant, run this test with {AcceptVariable}=1 ")
            .Append("and commit the file with the change.")
            .ToString();
    }

    private static string DescribeType(Type type)
    {
        var kind = type switch
        {
            { IsInterface: true } => "interface",
            { IsEnum: true } => "enum",
            { IsValueType: true } => "struct",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        var bases = new List<Type>();
        if (type.BaseType is { } parent && parent != typeof(object) && !type.IsEnum && !type.IsValueType)
            bases.Add(parent);
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        bases.AddRange(type.GetInterfaces().Except(inherited).OrderBy(Name, StringComparer.Ordinal));
        var list = bases.Count == 0 || type.IsEnum ? "" : $" : {string.Join(", ", bases.Select(Name))}";
        return $"{kind} {type.Namespace}.{Name(type)}{list}";
    }

    private static string? Describe(MemberInfo member) => member switch
    {
        // What the compiler adds to records says nothing.
        MethodInfo or ConstructorInfo when member.IsDefined(typeof(CompilerGeneratedAttribute)) => null,
        FieldInfo { IsLiteral: true } field when IsVisible(field.IsPublic, field.IsFamily) =>
            $"const {Name(field.FieldType)} {field.Name} = {Literal(field.GetRawConstantValue())}",
        FieldInfo field when IsVisible(field.IsPublic, field.IsFamily) && !field.IsSpecialName =>
            $"field {Name(field.FieldType)} {field.Name}",
        PropertyInfo property => DescribeProperty(property),
        ConstructorInfo constructor when IsVisible(constructor) => $"new({Parameters(constructor)})",
        MethodInfo method when IsVisible(method) && (!method.IsSpecialName || IsOperator(method)) =>
            $"{Modifiers(method)}{Type(new NullabilityInfoContext().Create(method.ReturnParameter))} "
            + $"{method.Name}{Generics(method)}({Parameters(method)})",
        EventInfo happening => $"event {happening.Name}",
        _ => null,
    };

    private static string? DescribeProperty(PropertyInfo property)
    {
        if (property.Name == "EqualityContract")
            return null;
        var accessors = property.GetAccessors(nonPublic: true).Where(IsVisible).ToList();
        if (accessors.Count == 0)
            return null;
        var names = accessors.Select(accessor => accessor switch
        {
            _ when accessor.ReturnType != typeof(void) => "get;",
            _ when accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) => "init;",
            _ => "set;",
        });
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        var indexes = property.GetIndexParameters() is { Length: > 0 } parameters
            ? $"[{string.Join(", ", parameters.Select(Parameter))}]"
            : "";
        return $"{Modifiers(accessors[0])}{required}{Type(new NullabilityInfoContext().Create(property))} "
            + $"{property.Name}{indexes} {{ {string.Join(" ", names)} }}";
    }

    private static bool IsOperator(MethodInfo method) => method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static bool IsVisible(MethodBase method) =>
        IsVisible(method.IsPublic, method.IsFamily || method.IsFamilyOrAssembly);

    private static bool IsVisible(bool isPublic, bool isFamily) => isPublic || isFamily;

    private static string Modifiers(MethodInfo method) => method switch
    {
        { IsStatic: true } => "static ",
        { DeclaringType.IsInterface: true } => "",
        { IsAbstract: true } => "abstract ",
        _ when method.GetBaseDefinition() != method => "override ",
        { IsVirtual: true, IsFinal: false } => "virtual ",
        _ => "",
    };

    private static string Generics(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var direction = parameter.IsOut ? "out " : parameter.ParameterType.IsByRef ? "ref " : "";
        var fallback = parameter.HasDefaultValue ? $" = {Literal(parameter.DefaultValue)}" : "";
        return $"{direction}{Type(new NullabilityInfoContext().Create(parameter))} {parameter.Name}{fallback}";
    }

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Type(NullabilityInfo info)
    {
        var type = info.Type.IsByRef ? info.Type.GetElementType()! : info.Type;
        var mark = info.ReadState == NullabilityState.Nullable && !type.IsValueType ? "?" : "";
        if (type.IsArray && info.ElementType is { } element)
            return $"{Type(element)}[]{mark}";
        if (!type.IsGenericType || Nullable.GetUnderlyingType(type) is not null || type.IsNested)
            return Name(type) + mark;
        var arguments = info.GenericTypeArguments.Length > 0
            ? info.GenericTypeArguments.Select(Type)
            : type.GetGenericArguments().Select(Name);
        return $"{BareName(type)}<{string.Join(", ", arguments)}>{mark}";
    }

    private static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return $"{Name(underlying)}?";
        if (type.IsArray)
            return $"{Name(type.GetElementType()!)}[]";
        var outer = type is { IsNested: true, IsGenericParameter: false } ? $"{Name(type.DeclaringType!)}." : "";
        return type.IsGenericType
            ? $"{outer}{BareName(type)}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : outer + Keyword(type);
    }

    private static string BareName(Type type) => type.Name.Split('`')[0];

    private static string Keyword(Type type) => type == typeof(void) ? "void" : System.Type.GetTypeCode(type) switch
    {
        _ when type.IsEnum => type.Name,
        TypeCode.String => "string",
        TypeCode.Boolean => "bool",
        TypeCode.Int32 => "int",
        TypeCode.Int64 => "long",
        TypeCode.Double => "double",
        TypeCode.Byte => "byte",
        _ when type == typeof(object) => "object",
        _ => type.Name,
    };

    private static string SourceFolder([CallerFilePath] string thisFile = "") =>
        Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "Data", "PublicApi");
}
