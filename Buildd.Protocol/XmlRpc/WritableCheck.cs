namespace Buildd.Protocol.XmlRpc;

/// <summary>Finds what cannot be written. The texts of the first two are those of the reference.</summary>
internal static class WritableCheck
{
    /// <summary>One more than what is read, since <c>echo</c> wraps what it was given into one more array.</summary>
    private const int MaxDepth = XmlRpcLimits.MaxDepth + 1;

    /// <exception cref="XmlRpcWriteException">There is something.</exception>
    public static void Check(XmlRpcValue value, int depth = 0)
    {
        switch (value)
        {
            case XmlRpcInteger integer when integer.Value < int.MinValue || integer.Value > int.MaxValue:
                throw new XmlRpcWriteException("int exceeds XML-RPC limits");
            case XmlRpcBigDecimal:
                throw new XmlRpcWriteException("cannot marshal <class 'decimal.Decimal'> objects");
            case XmlRpcArray array:
                Enter(depth);
                foreach (var item in array)
                    Check(item, depth + 1);
                break;
            case XmlRpcStruct members:
                Enter(depth);
                foreach (var member in members.Values)
                    Check(member, depth + 1);
                break;
        }
    }

    private static void Enter(int depth)
    {
        if (depth >= MaxDepth)
        {
            throw new XmlRpcWriteException(
                $"arrays and structs are nested more than {MaxDepth} deep");
        }
    }
}
